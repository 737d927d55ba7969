import { route } from '../../../lib/session'
import { race } from '../../../race'

export const POST = route(
  async (_request, session, { params }: { readonly params: Promise<{ readonly step: string }> }) =>
    new Response(await race((await params).step, session)),
)
