import { race } from '../../../race'

export default defineEventHandler(async (event) => race(getRouterParam(event, 'step') ?? '', await getUserSession(event)))
