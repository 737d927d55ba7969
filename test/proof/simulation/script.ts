import type { Change, Claim, Outcome, Report, Script, Snapshot, Step, Unit } from '../checks/history.ts'
import type { SessionLike } from './subject.ts'

/** What the handler needs beside its session. */
export interface Surroundings {
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

export function newReport(): Report {
  return { units: [], claims: [], flush: undefined, own: [], committedAt: 0 }
}

/** Carries out a script on a session, and tells what it recorded and saw. Answers whether the response is to be a 500. */
export async function perform(session: SessionLike, script: Script, report: Report, around: Surroundings): Promise<boolean> {
  const run = new Run(session, script, report, around)
  report.opened = look(session)
  for (const step of script.steps) if (step.do !== 'fail') await run.step(step)
  run.endUnit()
  report.closing = look(session)
  report.committedAt = around.now()
  for (const unit of report.units) if (unit.at === 0) unit.at = report.committedAt
  return script.steps.some((step) => step.do === 'fail')
}

/** Notes what became of everything that the request left to its final commit. */
export function conclude(report: Report, outcome: Outcome, flushed: boolean): void {
  const pending = report.units.at(-1)
  if (pending?.outcome === 'unknown') pending.outcome = outcome
  if (report.flush !== undefined && report.flush !== 'ok') report.flush = flushed ? 'ok' : outcome
}

/** What an error code says about what it reports on. */
export function outcomeOf(code: string | undefined): Outcome {
  if (code === undefined) return 'ok'
  return code === 'ERR_SESSION_COMMIT_UNKNOWN' || code === 'NETWORK' ? 'unknown' : 'no'
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : String(error)
}

function look(session: SessionLike): Snapshot {
  const { log = [], ...data } = structuredClone(session.toObject())
  return { live: !session.isNew, data, log: log as number[], expiresAt: session.expiresAt }
}

class Run {
  readonly #session: SessionLike
  readonly #script: Script
  readonly #report: Report
  readonly #around: Surroundings
  #unit: Unit | undefined
  #captured: readonly number[] = []
  #fresh = false

  constructor(session: SessionLike, script: Script, report: Report, around: Surroundings) {
    this.#session = session
    this.#script = script
    this.#report = report
    this.#around = around
  }

  async step(step: Exclude<Step, { do: 'fail' }>): Promise<void> {
    switch (step.do) {
      case 'wait':
        return this.#around.wait(step.ms)
      case 'claim':
        return this.#claim(step.name)
      case 'save':
        return this.#save()
      case 'flush':
        return this.#flush()
      default:
        return this.#change(step)
    }
  }

  /** The mark goes behind what was there before the unit's first change, so that even a clear does not lose the order. */
  endUnit(): void {
    const unit = this.#unit
    if (unit === undefined) return
    this.#session.update('log', () => [...this.#captured, unit.mark])
    this.#unit = undefined
    this.#report.units.push(unit)
  }

  #startUnit(): Unit {
    if (this.#unit !== undefined) return this.#unit
    this.#unit = { mark: this.#script.number * 10 + this.#report.units.length, changes: [], fresh: this.#fresh, outcome: 'unknown', at: 0 }
    this.#session.update('log', (log: readonly number[] | undefined) => {
      this.#captured = log ?? []
      return log
    })
    return this.#unit
  }

  #change(step: Parameters<typeof recorded>[1]): void {
    const unit = this.#startUnit()
    const change = recorded(this.#session, step)
    if (change === undefined) return
    unit.changes.push(change)
    this.#report.own.push(change)
  }

  #flush(): void {
    this.#session.flush()
    this.#unit = undefined
    this.#fresh = true
    this.#report.flush = 'unknown'
    this.#report.own.push({ do: 'clear' }, { do: 'remove', name: 'userId' })
  }

  async #save(): Promise<void> {
    this.endUnit()
    const unit = this.#report.units.at(-1)
    if (unit?.at === 0) unit.at = this.#around.now()
    const outcome = await this.#attempt(
      () => this.#session.save(),
      (told) => {
        if (unit?.outcome === 'unknown') unit.outcome = told
        if (this.#report.flush === 'unknown') this.#report.flush = told
      },
    )
    if (outcome === 'ok') this.#fresh = false
  }

  async #claim(name: string): Promise<void> {
    // What concerns the whole session goes before a claim; the mark has to go with it.
    if (this.#unit?.changes.some((change) => !('name' in change)) === true) await this.#save()
    const claim: Claim = { name, taken: undefined, over: this.#pending(name), outcome: 'unknown', at: this.#around.now() }
    this.#report.claims.push(claim)
    await this.#attempt(
      async () => (claim.taken = await this.#session.claim(name)),
      (told) => (claim.outcome = told),
    )
    // What was pending on the property went with the claim.
    if (claim.taken !== undefined && this.#unit !== undefined)
      this.#unit.changes = this.#unit.changes.filter((change) => !('name' in change) || change.name !== name)
    this.#report.own.push({ do: 'remove', name })
  }

  #pending(name: string): boolean {
    return this.#unit?.changes.some((change) => 'name' in change && change.name === name) === true
  }

  async #attempt(work: () => Promise<unknown>, tell: (outcome: Outcome) => void): Promise<Outcome> {
    try {
      await work()
      tell('ok')
      return 'ok'
    } catch (error) {
      tell(outcomeOf(codeOf(error)))
      throw error
    }
  }
}

type Changing = Exclude<Step, { do: 'wait' | 'claim' | 'save' | 'flush' | 'fail' }>

/** Carries out one verb; answers the change that it records, if it records one. */
function recorded(session: SessionLike, step: Changing): Change | undefined {
  switch (step.do) {
    case 'set':
      session.set(step.name, step.value)
      return { do: 'set', name: step.name, value: step.value }
    case 'edit':
      return edit(session, step.name, step.value)
    case 'fill':
      return filled(session, step.name, step.value)
    case 'delete':
      return session.delete(step.name) ? { do: 'remove', name: step.name } : undefined
    case 'pop':
      return session.pop(step.name) === undefined ? undefined : { do: 'remove', name: step.name }
    case 'increment':
      session.update(step.name, (current = 0) => current + 1)
      return { do: 'add', name: step.name }
    case 'clear':
      session.clear()
      return { do: 'clear' }
    case 'cycle':
      session.cycleId()
      return { do: 'cycle' }
    case 'login':
      session.login(step.user)
      return { do: 'login', user: step.user }
  }
}

/** A change inside of an object that was handed out. */
function edit(session: SessionLike, name: string, value: string): Change {
  const box = session.get(name) as { v: string } | undefined
  if (box === undefined) session.set(name, { v: value })
  else box.v = value
  return { do: 'set', name, value: { v: value } }
}

function filled(session: SessionLike, name: string, value: string): Change | undefined {
  if (session.has(name)) return undefined
  session.setDefault(name, value)
  return { do: 'fill', name, value }
}
