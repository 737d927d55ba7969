// remix-auth, and a package that uses a SessionStorage as remix-toast does.
import { data, Form, redirect } from 'react-router'
import { Authenticator } from 'remix-auth'
import { FormStrategy } from 'remix-auth-form'
import { sessionStorage } from 'sojourn/react-router'
import { sessions } from '../sessions.server'
import type { Route } from './+types/auth'

const storage = sessionStorage(sessions)
const authenticator = new Authenticator<string>()
authenticator.use(new FormStrategy(async ({ form }) => String(form.get('name'))), 'form')

export async function action({ context, request }: Route.ActionArgs) {
  const name = await authenticator.authenticate('form', request.clone())
  sessions.of(context).login(name)
  const session = await storage.getSession(request.headers.get('Cookie'))
  session.set('visits', 1)
  session.flash('toast', `Hello, ${name}.`)
  throw redirect('/auth', { headers: { 'Set-Cookie': await storage.commitSession(session) } })
}

export async function loader({ request }: Route.LoaderArgs) {
  const session = await storage.getSession(request.headers.get('Cookie'))
  const toast: unknown = session.get('toast')
  const shown = { toast: String(toast ?? ''), user: String(session.get('userId') ?? ''), id: session.id }
  if (new URL(request.url).searchParams.has('end'))
    throw redirect('/auth', { headers: { 'Set-Cookie': await storage.destroySession(session) } })
  return data(shown, { headers: { 'Set-Cookie': await storage.commitSession(session) } })
}

export default function Auth({ loaderData }: { readonly loaderData: { readonly toast: string; readonly user: string } }) {
  return (
    <Form method="post">
      <h1>{loaderData.user}</h1>
      <p id="notice">{loaderData.toast}</p>
      <input name="name" aria-label="Name" />
      <button>Sign in</button>
    </Form>
  )
}
