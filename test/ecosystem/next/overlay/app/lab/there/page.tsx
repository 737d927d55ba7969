import { getSession } from '../../../lib/session'

/** Shows a session that proxy.ts has started for this request. */
export default async function Page() {
  const session = await getSession()
  return (
    <>
      <h1>There</h1>
      <p id="views">{session.get('visits', 0)}</p>
    </>
  )
}
