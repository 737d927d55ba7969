import { DatabaseSync } from 'node:sqlite'
import express, { type Request, Router } from 'express'
import { addDjangoMessage, type DjangoUser, djangoLevels, djangoLogout, djangoMessages, djangoSessions, djangoUser } from 'sojourn/django'
import { session } from 'sojourn/express'
import { cartPage } from './cart-page.ts'
import type { Site } from './session-data.ts'

/** Creates the routes that Node serves. */
export function cart({ secretKey, database }: Site): Router {
  const sessions = djangoSessions({ secretKey, database, messageStorage: 'session' })
  const findUser = createUserFinder(database)
  const currentUser = (req: Request) => djangoUser(req.session, { loadUser: findUser })

  return Router()
    .use(session(sessions), express.urlencoded())
    .use(async (req, res, next) => ((await currentUser(req)) === undefined ? res.redirect('/accounts/login/?next=/cart') : next()))
    .get('/', async (req, res) => {
      const { session } = req
      const page = {
        user: await currentUser(req),
        cart: session.get('cart', []),
        theme: session.get('theme'),
        messages: djangoMessages(session),
      }
      res.send(String(await cartPage(page)))
    })
    .post('/add', (req, res) => {
      req.session.push('cart', String(req.body.tea))
      addDjangoMessage(req.session, djangoLevels.success, `Node has added ${req.body.tea}.`)
      res.redirect(req.body.then === 'home' ? '/' : '/cart')
    })
    .post('/empty', (req, res) => {
      req.session.delete('cart')
      res.redirect('/cart')
    })
    .post('/logout', (req, res) => {
      djangoLogout(req.session)
      res.redirect('/')
    })
}

export interface User extends DjangoUser {
  readonly username: string
}

/** Returns a function that reads a user from Django's table. */
function createUserFinder(path: string): (id: string) => User | undefined {
  const users = new DatabaseSync(path).prepare('SELECT id, username, password, is_active FROM auth_user WHERE id = ?')
  return (id) => users.get(id) as User | undefined
}
