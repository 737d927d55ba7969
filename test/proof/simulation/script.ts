import type { Change, Claim, Exchange, Outcome, Report, Revocation, Script, Snapshot, Step, Unit } from '../checks/history.ts'
import { logsIn, renewsId } from '../checks/id-state.ts'
import type { SessionLike } from './subject.ts'

/** What a handler uses of its server. */
export interface Environment {
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  /** Starts the response of a stream. */
  readonly start: () => Promise<void>
  /** Ends all sessions of a user, except that of the request if `except` is true. */
  readonly revoke: (user: string, except: boolean) => Promise<unknown>
}

export function newReport(): Report {
  return { units: [], claims: [], revocations: [], flush: undefined, ownChanges: [], openedAt: 0, committedAt: 0 }
}

/**
 * Runs a script on a session, and records its changes and reads. Returns whether the response must
 * be a 500.
 */
export async function runScript(session: SessionLike, script: Script, report: Report, environment: Environment): Promise<boolean> {
  const run = new ScriptRun(session, script, report, environment)
  report.openedAt = environment.now()
  report.opened = takeSnapshot(session)
  for (const step of script.steps) if (step.do !== 'fail') await run.step(step)
  run.endUnit()
  report.closing = takeSnapshot(session)
  report.committedAt = environment.now()
  for (const unit of report.units) if (unit.at === 0) unit.at = report.committedAt
  return script.steps.some((step) => step.do === 'fail')
}

/**
 * Sets the outcome of everything that the request left to its final commit. `cyclesIds`: a commit
 * before that may have replaced the id because of its age.
 */
export function setOutcomes(report: Report, { code, reason, setCookie }: Exchange, cyclesIds = false): void {
  const outcome = outcomeOf(code)
  const flushed = setCookie === ''
  const pending = report.units.at(-1)
  if (pending !== undefined) settle(pending, outcome, reason)
  // A response with an error has the new id if the write was certain, and was withdrawn or verified later.
  const [renewing, another] = report.units.filter(renewsId)
  const isFirst = report.units[0] === renewing && report.claims.length === 0
  const isIssued = another === undefined && setCookie !== undefined && !flushed && (isFirst || !cyclesIds)
  if (renewing?.outcome === 'unknown' && isIssued) renewing.outcome = 'ok'
  if (report.flush !== undefined && report.flush !== 'ok') report.flush = flushed ? 'ok' : outcome
}

/** The outcome that an error code implies. */
function outcomeOf(code: string | undefined): Outcome {
  if (code === undefined) return 'ok'
  return code === 'ERR_SESSION_COMMIT_UNKNOWN' || code === 'NETWORK' ? 'unknown' : 'no'
}

/** Sets the outcome of a unit that has none. A login that was refused may have been written before. */
function settle(unit: Unit, outcome: Outcome, reason: string | undefined): void {
  if (unit.outcome !== 'unknown' || unit.isRefused) return
  unit.isRefused = logsIn(unit) && (reason === 'revoked' || reason === 'limit' || reason === 'ended')
  if (!unit.isRefused) unit.outcome = outcome
}

export function reasonOf(error: unknown): string | undefined {
  const reason = (error as { reason?: unknown } | undefined)?.reason
  return typeof reason === 'string' ? reason : undefined
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : String(error)
}

function takeSnapshot(session: SessionLike): Snapshot {
  const { log = [], ...data } = structuredClone(session.toObject())
  return { exists: !session.isNew, data, log: log as number[], expiresAt: session.expiresAt }
}

class ScriptRun {
  readonly #session: SessionLike
  readonly #script: Script
  readonly #report: Report
  readonly #environment: Environment
  #unit: Unit | undefined
  #captured: readonly number[] = []
  #fresh = false
  #isStarted = false

  constructor(session: SessionLike, script: Script, report: Report, environment: Environment) {
    this.#session = session
    this.#script = script
    this.#report = report
    this.#environment = environment
  }

  async step(step: Exclude<Step, { do: 'fail' }>): Promise<void> {
    switch (step.do) {
      case 'wait':
        return this.#environment.wait(step.ms)
      case 'claim':
        return this.#claim(step.name)
      case 'save':
        return this.#save(() => this.#session.save())
      case 'start':
        await this.#save(this.#environment.start)
        this.#isStarted = true
        return
      case 'flush':
        return this.#flush()
      case 'revoke':
        return this.#revoke(step.user, step.except)
      default:
        return this.#isStarted ? this.#changeLate(step) : this.#change(step)
    }
  }

  /**
   * Appends the unit's id to the log as it was before the unit's first change, so that a `clear`
   * does not lose the order.
   */
  endUnit(): void {
    const unit = this.#unit
    if (unit === undefined) return
    this.#session.update('log', () => [...this.#captured, unit.id])
    this.#unit = undefined
    this.#report.units.push(unit)
  }

  #startUnit(): Unit {
    if (this.#unit !== undefined) return this.#unit
    const unit: Unit = {
      id: this.#script.number * 10 + this.#report.units.length,
      changes: [],
      fresh: this.#fresh,
      outcome: 'unknown',
      isRefused: false,
      at: 0,
    }
    this.#session.update('log', (log: readonly number[] | undefined) => {
      this.#captured = log ?? []
      return log
    })
    this.#unit = unit
    return unit
  }

  /** A change that would need a cookie is refused, and the handler continues. */
  #changeLate(step: ChangeStep): void {
    try {
      this.#change(step)
    } catch (error) {
      if (codeOf(error) !== 'ERR_SESSION_HEADERS_SENT') throw error
    }
  }

  #change(step: ChangeStep): void {
    if (step.do === 'reauthenticate' && !this.#session.has('userId')) return
    const unit = this.#startUnit()
    const change = applyStep(this.#session, step)
    if (change === undefined) return
    unit.changes.push(change)
    this.#report.ownChanges.push(change)
  }

  #flush(): void {
    this.#session.flush()
    this.#unit = undefined
    this.#fresh = true
    this.#report.flush = 'unknown'
    this.#report.ownChanges.push({ do: 'clear' }, { do: 'remove', name: 'userId' })
  }

  async #save(commit: () => Promise<void>): Promise<void> {
    this.endUnit()
    const unit = this.#report.units.at(-1)
    if (unit?.at === 0) unit.at = this.#environment.now()
    const outcome = await this.#attempt(commit, (outcome, reason) => {
      if (unit !== undefined) settle(unit, outcome, reason)
      if (this.#report.flush === 'unknown') this.#report.flush = outcome
    })
    if (outcome === 'ok') this.#fresh = false
  }

  async #claim(name: string): Promise<void> {
    // Changes of the whole session are committed before a claim, and the id of their unit must be
    // committed with them.
    if (this.#unit?.changes.some((change) => !('name' in change)) === true) await this.#save(() => this.#session.save())
    const claim: Claim = {
      name,
      taken: undefined,
      hadPendingChanges: this.#hasPending(name),
      outcome: 'unknown',
      at: this.#environment.now(),
    }
    this.#report.claims.push(claim)
    await this.#attempt(
      async () => (claim.taken = await this.#session.claim(name)),
      (outcome) => (claim.outcome = outcome),
    )
    // Pending changes of the property were committed with the claim.
    if (claim.taken !== undefined && this.#unit !== undefined)
      this.#unit.changes = this.#unit.changes.filter((change) => !('name' in change) || change.name !== name)
    this.#report.ownChanges.push({ do: 'remove', name })
  }

  async #revoke(user: string, except: boolean): Promise<void> {
    const excepts = except && !this.#session.isNew
    const revocation: Revocation = { user, excepts, outcome: 'unknown', at: this.#environment.now() }
    this.#report.revocations.push(revocation)
    await this.#attempt(
      () => this.#environment.revoke(user, excepts),
      (outcome) => (revocation.outcome = outcome),
    )
  }

  #hasPending(name: string): boolean {
    return this.#unit?.changes.some((change) => 'name' in change && change.name === name) === true
  }

  async #attempt(work: () => Promise<unknown>, record: (outcome: Outcome, reason?: string) => void): Promise<Outcome> {
    try {
      await work()
      record('ok')
      return 'ok'
    } catch (error) {
      record(outcomeOf(codeOf(error)), reasonOf(error))
      throw error
    }
  }
}

type ChangeStep = Exclude<Step, { do: 'wait' | 'claim' | 'save' | 'start' | 'flush' | 'revoke' | 'fail' }>

/** Runs one verb; returns the change that it records, if any. */
function applyStep(session: SessionLike, step: ChangeStep): Change | undefined {
  switch (step.do) {
    case 'set':
      session.set(step.name, step.value)
      return { do: 'set', name: step.name, value: step.value }
    case 'mutate':
      return mutateBox(session, step.name, step.value)
    case 'setIfAbsent':
      return setIfAbsent(session, step.name, step.value)
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
      session.login(step.user, step.revokeOthers === true ? { revokeOthers: true } : {})
      return { do: 'login', user: step.user, revokeOthers: step.revokeOthers === true }
    case 'reauthenticate': {
      const user = session.get('userId') as string
      session.reauthenticate({ revokeOthers: step.revokeOthers })
      return { do: 'reauthenticate', user, revokeOthers: step.revokeOthers }
    }
  }
}

/** Changes a property inside of an object returned by `get`. */
function mutateBox(session: SessionLike, name: string, value: string): Change {
  const box = session.get(name) as { v: string } | undefined
  if (box === undefined) session.set(name, { v: value })
  else box.v = value
  return { do: 'set', name, value: { v: value } }
}

function setIfAbsent(session: SessionLike, name: string, value: string): Change | undefined {
  if (session.has(name)) return undefined
  session.setDefault(name, value)
  return { do: 'setIfAbsent', name, value }
}
