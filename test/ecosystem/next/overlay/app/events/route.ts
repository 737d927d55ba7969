import { subscribe } from 'node:diagnostics_channel'

// All copies of the package in this process publish their events here.
const shared = globalThis as { events?: string[] }
if (shared.events === undefined) {
  const events: string[] = []
  shared.events = events
  subscribe('sojourn.event', (message) => void events.push((message as { readonly event: { readonly type: string } }).event.type))
}

/** The types of the events since the last request. */
export async function POST(): Promise<Response> {
  return Response.json(shared.events?.splice(0))
}
