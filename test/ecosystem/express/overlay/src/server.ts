import { race } from '../race.ts'
import { app } from './app.ts'

app.set('env', 'production') // as NODE_ENV does: in development the error page of Express shows the stack

app.post('/race/:step', async ({ session, params }, res) => {
  res.send(await race(params.step, session))
})

app.listen(Number(process.env.PORT ?? 3000), 'localhost')
