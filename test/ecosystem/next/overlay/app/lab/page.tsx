import { getSession } from '../../lib/session'
import { broken, leaveANotice, notThere, slow, stay } from './actions'

/** Counts its views, in a component. Without a session it shows the code of the error. */
async function Views() {
  const session = await getSession()
  try {
    const views = session.increment('visits')
    await session.save()
    return <p id="views">{views}</p>
  } catch (error) {
    return <p id="views">{(error as { readonly code?: string }).code}</p>
  }
}

const ACTIONS = { Stay: stay, 'Leave a notice': leaveANotice, 'Not there': notThere, Slow: slow, Broken: broken }

export default async function Page() {
  const session = await getSession()
  return (
    <>
      <h1>Lab</h1>
      <p id="cart">{session.get('cart', []).join(', ')}</p>
      <Views />
      {Object.entries(ACTIONS).map(([name, action]) => (
        <form key={name} action={action}>
          <button type="submit">{name}</button>
        </form>
      ))}
    </>
  )
}
