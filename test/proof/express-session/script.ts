import type { Random } from '../scenario/random.ts'

/** A place of the session: a property, or a member of a property whose members are merged. */
export type Place = string

/** One action of a handler on `req.session`. */
export type Step =
  | { readonly do: 'set'; readonly place: Place; readonly value: string }
  | { readonly do: 'delete'; readonly place: Place }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'login' | 'save' | 'destroy' | 'regenerate' | 'fail' }

type Kind = 'read' | 'write' | 'login' | 'destroy' | 'regenerate'

/** Generates the handler of one request. Every value is unique. */
export function generateHandler(random: Random, number: number): readonly Step[] {
  const kind = random.weighted<Kind>({ read: 15, write: 68, login: 6, destroy: 4, regenerate: 7 })
  const wait = (): Step[] => (random.chance(0.7) ? [{ do: 'wait', ms: random.int(0, 60) }] : [])
  const values = { next: 0 }
  const writes = (): Step[] =>
    Array.from({ length: random.int(1, 4) }, () => generateWrite(random, number, values)).flatMap((step) => [
      step,
      ...(random.chance(0.2) ? wait() : []),
    ])
  const save = (): Step[] => (random.chance(0.15) ? [{ do: 'save' }] : [])
  const end = (): Step[] => (random.chance(0.04) ? [{ do: 'fail' }] : [])
  if (kind === 'read') return wait()
  if (kind === 'write') return [...wait(), ...writes(), ...save(), ...writes(), ...end()]
  if (kind === 'login') return [...wait(), ...writes(), { do: 'login' }, ...end()]
  if (kind === 'destroy') return [...wait(), ...writes(), ...save(), { do: 'destroy' }]
  return [...wait(), ...save(), { do: 'regenerate' }, ...writes(), ...(random.chance(0.5) ? [{ do: 'login' } as const] : [])]
}

function generateWrite(random: Random, number: number, values: { next: number }): Step {
  const shared = random.pick(['a', 'b', 'c', 'flash.x', 'flash.y', 'passport.x'])
  if (random.chance(0.25)) return { do: 'delete', place: random.chance(0.2) ? random.pick(['flash', 'passport']) : shared }
  const separate = random.pick([`p${number}`, `flash.m${number}`])
  return { do: 'set', place: random.chance(0.4) ? separate : shared, value: `v${number}.${values.next++}` }
}
