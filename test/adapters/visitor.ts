import type { Session, Sessions } from '../../src/index.ts'

/** Resolves to the `Cookie` header of a visitor who has bread in the cart. */
export async function visitorWithCart(sessions: Sessions): Promise<string> {
  const visitor = sessions.create().set('cart', ['bread'])
  await visitor.save()
  return `__Host-sid=${visitor.id}`
}

/** Ends the session of the request from elsewhere, and changes it. */
export async function endAndChange({ sessions }: { readonly sessions: Sessions }, session: Session): Promise<Response> {
  await sessions.revoke(session.handle as string)
  session.set('late', true)
  return new Response('saved')
}

/** A page that changes the session while it is sent. */
export function streamedPage(session: Session): Response {
  return new Response(
    new ReadableStream({
      pull(controller) {
        session.set('read', true)
        controller.enqueue(new TextEncoder().encode('page'))
        controller.close()
      },
    }),
  )
}
