import type { Place, Step } from './script.ts'

/** The parts of `req.session` that a handler uses. */
export interface SessionObject {
  [name: string]: unknown
  save(done: Done): unknown
  destroy(done: Done): unknown
  regenerate(done: Done): unknown
}

type Done = (error?: unknown) => void

/** Changes that are committed together. `undefined` is a deletion. */
export interface Unit {
  readonly changes: ReadonlyMap<Place, string | undefined>
  /** It belongs to the session that the request began with `regenerate`. */
  readonly fresh: boolean
  /** The handler saved it. If that fails, the commit of the error page tries again. */
  isSaved: boolean
  outcome: 'ok' | 'no' | 'unknown'
}

/** What a handler saw and did. */
export interface Report {
  /** Whether the session of the cookie was found. */
  exists: boolean
  readonly seen: ReadonlyMap<Place, string>
  readonly units: Unit[]
  /** The request ended its session: `unknown` until the callback without an error. */
  end: 'ok' | 'unknown' | undefined
  fails: boolean
}

/** A request whose session was attached. */
export interface RequestWithSession {
  session?: SessionObject | undefined
}

/** Runs the steps on `req.session`, and reports the changes in it. */
export class HandlerRun {
  readonly report: Report
  readonly #req: RequestWithSession
  readonly #user: string
  readonly #wait: (ms: number) => Promise<void>
  #before: ReadonlyMap<Place, string>
  #fresh = false

  constructor(req: RequestWithSession, exists: boolean, { user, wait }: { user: string; wait: (ms: number) => Promise<void> }) {
    this.#req = req
    this.#user = user
    this.#wait = wait
    this.#before = placesOf(req.session)
    this.report = { exists, seen: this.#before, units: [], end: undefined, fails: false }
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step)
    this.#endUnit()
  }

  async #step(step: Step): Promise<unknown> {
    const session = this.#req.session as SessionObject
    switch (step.do) {
      case 'wait':
        return this.#wait(step.ms)
      case 'set':
        return assign(session, step.place, step.value)
      case 'delete':
        return assign(session, step.place, undefined)
      case 'login':
        return assign(session, 'passport.user', this.#user)
      case 'save':
        return this.#save(session)
      case 'fail':
        this.report.fails = true
        return
      default:
        return this.#end(session, step.do)
    }
  }

  async #save(session: SessionObject): Promise<void> {
    const unit = this.#endUnit(true)
    if (unit === undefined) return
    unit.isSaved = true
    await called((done) => session.save(done))
    unit.outcome = 'ok'
  }

  /** Changes that were not saved are dropped. */
  async #end(session: SessionObject, verb: 'destroy' | 'regenerate'): Promise<void> {
    this.report.end = 'unknown'
    this.#before = new Map()
    this.#fresh = true
    await called((done) => session[verb](done))
    this.report.end = 'ok'
  }

  /** An explicit save commits a new session without properties too. */
  #endUnit(always = false): Unit | undefined {
    const after = placesOf(this.#req.session)
    const names = [...new Set([...this.#before.keys(), ...after.keys()])].filter((place) => this.#before.get(place) !== after.get(place))
    this.#before = after
    if (names.length === 0 && !always) return undefined
    const unit: Unit = {
      changes: new Map(names.map((place) => [place, after.get(place)])),
      fresh: this.#fresh,
      isSaved: false,
      outcome: 'unknown',
    }
    this.report.units.push(unit)
    return unit
  }
}

function called(run: (done: Done) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error === undefined || error === null ? resolve() : reject(error as Error)))
  })
}

function assign(session: SessionObject, place: Place, value: string | undefined): void {
  const [name = '', member] = place.split('.')
  if (value === undefined && session[name] === undefined) return
  const holder = member === undefined ? session : ((session[name] ??= {}) as Record<string, unknown>)
  if (value === undefined) delete holder[member ?? name]
  else holder[member ?? name] = value
  // An empty object has no place, but would be a change.
  if (member !== undefined && Object.keys(holder).length === 0) delete session[name]
}

/** The values of a session by their places. */
function placesOf(session: object | undefined): Map<Place, string> {
  const places = new Map<Place, string>()
  for (const [name, value] of Object.entries(session ?? {})) {
    if (name === 'cookie' || name === '__sojourn') continue // the bridge marks the rows of express-session
    if (typeof value === 'string') places.set(name, value)
    else for (const [member, text] of Object.entries(value as object)) places.set(`${name}.${member}`, text as string)
  }
  return places
}
