import { defineHandler } from 'nitro/h3'
import { race } from '../../../race.ts'
import { sessions } from '../../utils/sessions.ts'

export default defineHandler(({ req, context }) => race(String(context.params?.step), sessions.of(req)))
