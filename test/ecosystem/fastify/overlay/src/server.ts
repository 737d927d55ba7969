import { race } from '../race.ts'
import { app } from './app.ts'

app.post<{ Params: { step: string } }>('/race/:step', ({ session, params }) => race(params.step, session))

await app.listen({ port: Number(process.env.PORT ?? 3000), host: 'localhost' })
