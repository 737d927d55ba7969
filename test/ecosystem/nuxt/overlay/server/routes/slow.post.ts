import { race } from '../../race'

export default defineEventHandler(async (event) => race('slow', await getUserSession(event)))
