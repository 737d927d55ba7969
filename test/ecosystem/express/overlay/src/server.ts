import { race } from '../race.ts'
import { app } from './app.ts'

app.post('/race/:step', async ({ session, params }, res) => {
  res.send(await race(params.step, session))
})

app.listen(Number(process.env.PORT ?? 3000), 'localhost')
