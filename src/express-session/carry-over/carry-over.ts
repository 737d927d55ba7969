import { monotonic } from '../../core/base/clock.ts'
import { DAY } from '../../core/base/duration.ts'
import { BusyError } from '../../core/base/errors.ts'
import { ignore } from '../../core/base/ignore.ts'
import type {
  Admission,
  EndedIndex,
  EndedSession,
  Lifecycle,
  LifecycleContext,
  LoadDecision,
  LoadedSession,
  MakeLifecycle,
  WrittenSession,
} from '../../core/config/lifecycle.ts'
import type { Texts } from '../../core/config/profile.ts'
import type { Identity } from '../../core/store/id.ts'
import type { Entry } from '../../core/store/store.ts'
import { isTombstone } from '../../core/store/tombstone.ts'
import { type BridgeRecord, compare, emptyRecord, isEqual, recordOfCopy } from './bridge-record.ts'
import type { OldStore } from './old-store.ts'
import type { RowFormat } from './row-format.ts'

/** The parts of a carry-over. */
export interface CarryOverParts {
  readonly old: Pick<OldStore, 'get' | 'set' | 'destroy' | 'touch'>
  readonly format: RowFormat
  /** Whether old instances are still running: every change is then copied to the old store too. */
  readonly bridge: boolean
  readonly randomText: (length: number) => string
}

/** A session in sojourn's store. */
interface Row {
  readonly entry: Entry
  readonly texts: Texts
}

/**
 * The session of which both rows are compared, and the `monotonic()` time by which that has to end.
 */
interface Target {
  readonly identity: Identity
  readonly deadline: number
}

const MARK_LENGTH = 12

/**
 * How long an end is remembered, in milliseconds. Old instances can extend a session without limit.
 */
export const CARRY_OVER_TOMBSTONE: number = 400 * DAY

/**
 * After this time, an instance without the bridge no longer destroys the old row of a session that
 * it took.
 */
const TAKING = 60_000

/**
 * Carries sessions over from the old store when they are opened. N is the row in sojourn's store,
 * and O the one in the old store.
 *
 * - Without `bridge`, N is created as a copy of O, and O is destroyed. From then on N is the session.
 * - With `bridge`, O stays a copy of N, and what old instances change in O is imported into N.
 *
 * N of a session that ended is a tombstone, so that no copy of O revives it.
 */
export function carryOver(parts: CarryOverParts): MakeLifecycle {
  return (context) => new CarryOver(parts, context)
}

class CarryOver implements Lifecycle {
  readonly lastingRowsFor = 'carryOver'
  readonly #context: LifecycleContext
  readonly #old: CarryOverParts['old']
  readonly #format: RowFormat
  readonly #bridge: boolean
  readonly #newMark: () => string

  constructor({ old, format, bridge, randomText }: CarryOverParts, context: LifecycleContext) {
    this.#context = context
    this.#old = context.isDryRun ? readOnly(old) : old
    this.#format = format
    this.#bridge = bridge
    this.#newMark = () => randomText(MARK_LENGTH)
  }

  afterLoad({ identity, entry, texts, deadline }: LoadedSession): Promise<LoadDecision | undefined> | undefined {
    const target = { identity, deadline }
    if (entry === undefined) return this.#open(undefined, target)
    if (isTombstone(entry)) return this.#destroyLeft(target)
    if (texts === undefined || entry.proof !== identity.proof || this.#isSettled({ entry, texts })) return undefined
    return this.#open({ entry, texts }, target)
  }

  /**
   * The old store has one row per id, so with the bridge a session has one id: parallel logins get
   * separate sessions.
   */
  beforeAssign(): Admission | undefined {
    return this.#bridge ? { mayJoin: false } : undefined
  }

  /**
   * `entry` also has the changes of requests that were written together with this one. If one of
   * them gave the session another id, that one copies it.
   */
  afterWrite({ identity, entry, openedAt, replaced, deadline }: WrittenSession): Promise<undefined> | undefined {
    const isWrittenHere = openedAt === 0
    if (isWrittenHere || !this.#bridge || entry.proof !== identity.proof) return undefined
    const row = this.#rowOf(entry)
    return this.#isSettled(row) ? undefined : this.#copyToOld(row, { identity, deadline }, replaced)
  }

  /**
   * If the session has ended or has another id by now, the changes were saved before that, and
   * there is nothing to copy.
   */
  async #copyToOld(row: Row, target: Target, replaced: Identity | undefined): Promise<undefined> {
    await this.#settle(row, target)
    if (replaced !== undefined) await this.#destroy({ ...target, identity: replaced })
  }

  /**
   * Destroys O. Only an id leads to it, so that O of a session that was ended in another way is
   * destroyed when it is found.
   */
  afterEnd(ended: EndedSession | EndedIndex): Promise<void> | undefined {
    if ('index' in ended || ended.identity === undefined) return undefined
    return this.#destroy({ identity: ended.identity, deadline: ended.deadline })
  }

  /** Whether N alone is the session, so that O is not read. */
  #isSettled(row: Row): boolean {
    const { taken } = this.#recordOf(row)
    if (this.#bridge) return taken !== undefined && this.#context.now() - taken < TAKING
    return taken !== undefined || this.#format.recordOf(row.texts) === undefined
  }

  async #open(row: Row | undefined, target: Target): Promise<LoadDecision | undefined> {
    const settled = await this.#settle(row, target)
    if (settled !== undefined) return settled.entry === row?.entry ? undefined : { entry: settled.entry }
    return row === undefined ? undefined : { absent: 'unknown-or-expired' }
  }

  /**
   * Repeats a step until N and O are rows of one session. Resolves to `undefined` if there is none.
   */
  async #settle(start: Row | undefined, target: Target): Promise<Row | undefined> {
    for (let row = start; ; ) {
      const settled = row === undefined ? await this.#copy(target) : await this.#reconcile(row, target)
      if (settled !== 'changed') return settled
      if (monotonic() > target.deadline) throw new BusyError()
      const newest = await this.#newest(target)
      if (newest === 'ended') return undefined
      row = newest
    }
  }

  /** Creates N as a copy of O. It is never overwritten, so that parallel requests use one copy. */
  async #copy(target: Target): Promise<Row | undefined | 'changed'> {
    const { identity, deadline } = target
    const old = await this.#old.get(identity.id, deadline)
    // Another request may have created N and destroyed O after this one has read N.
    if (old === undefined) return (await this.#isPresent(target)) ? 'changed' : undefined
    const record = this.#bridge
      ? recordOfCopy(this.#format.compared(old), identity.proof, this.#newMark())
      : this.#takenRecord(identity.proof)
    const given = await this.#context.create(identity, this.#format.copyOf(old, record), deadline)
    if (given === undefined) return undefined
    const { entry, isCreated } = given
    const row = this.#rowOf(entry)
    // N of another request can be a copy of an older O, and what has changed since has to be imported.
    if (!isCreated && !isTombstone(entry) && !this.#isSettled(row)) return 'changed'
    if (this.#bridge && !isTombstone(entry)) return row
    // O is destroyed once, by the request that created N.
    if (isCreated || isTombstone(entry)) await this.#destroy(target)
    return isTombstone(entry) ? undefined : row
  }

  /**
   * Compares O with what N records about it. Resolves to `'changed'` if N has to be loaded again.
   */
  async #reconcile(row: Row, target: Target): Promise<Row | undefined | 'changed'> {
    if (this.#isSettled(row)) return row
    const { identity, deadline } = target
    const old = await this.#old.get(identity.id, deadline)
    const comparison = compare(this.#recordOf(row), this.#format.hashesOf(row.texts), old && this.#format.compared(old))
    if (comparison.do === 'end') return this.#end(row, target)
    if (comparison.do === 'import' && old !== undefined) {
      const { changed, record } = comparison
      const imported = await this.#replace(row, this.#format.withChanges(row.texts, old.row, changed, record), target)
      return imported === undefined ? 'changed' : this.#reconcile(imported, target)
    }
    if (!this.#bridge) return this.#take(row, target)
    if (comparison.do === 'write') return this.#write(row, target)
    await this.#old.touch(identity.id, this.#format.rowOf(row.texts), deadline).catch(ignore) // the next request repeats it
    return row
  }

  /**
   * Ends a session that an old instance ended. N is loaded again, because O may be missing for
   * another reason: another request wrote it after this one had read it.
   */
  async #end(row: Row, target: Target): Promise<undefined | 'changed'> {
    const newest = await this.#newest(target)
    if (newest === 'ended') return undefined
    if (newest === undefined || this.#recordOf(newest).written !== this.#recordOf(row).written) return 'changed'
    const { identity, deadline } = target
    await this.#context.end({ key: identity.key, handle: identity.handle, identity, reason: 'flush', deadline })
    return undefined
  }

  #takenRecord(proof: string): BridgeRecord {
    return { ...emptyRecord(proof), taken: this.#context.now() }
  }

  /** The end of a bridge: N is the session from now on, and O is destroyed. */
  async #take(row: Row, target: Target): Promise<Row | 'changed'> {
    const taken = await this.#replace(row, this.#format.withRecord(row.texts, this.#takenRecord(row.entry.proof)), target)
    if (taken === undefined) return 'changed'
    await this.#destroy(target)
    return taken
  }

  /**
   * Writes O as a copy of N. If N was changed while O was written, O is read and written again. Of
   * several requests that write O at the same time, the last one so writes the newest N.
   */
  async #write(row: Row, target: Target): Promise<Row | undefined | 'changed'> {
    const { identity, deadline } = target
    const mark = { id: this.#newMark(), hashes: this.#format.hashesOf(row.texts) }
    await this.#old.set(identity.id, this.#format.markedRowOf(row.texts, mark), deadline)
    const newest = await this.#confirm(row, mark.id, target)
    if (newest === undefined || this.#isSettled(newest) || monotonic() > deadline) return newest
    return isEqual(this.#format.hashesOf(newest.texts), mark.hashes) ? newest : 'changed'
  }

  /**
   * Loads N after O was written. If the session ended in between, O is destroyed. If N does not
   * record that O exists, that is recorded now: recorded before O was written, it would look like
   * an end after a crash.
   */
  async #confirm(row: Row, written: string, target: Target): Promise<Row | undefined> {
    for (let newest = row; ; ) {
      const { taken: _, ...record } = this.#recordOf(newest)
      const recorded =
        record.written === undefined
          ? await this.#replace(newest, this.#format.withRecord(newest.texts, { ...record, written }), target)
          : undefined
      if (recorded !== undefined) return recorded
      const found = await this.#newest(target)
      if (found === undefined || found === 'ended') return undefined
      if (this.#recordOf(found).written !== undefined || this.#isSettled(found)) return found
      newest = found
    }
  }

  async #isPresent(target: Target): Promise<boolean> {
    const newest = await this.#newest(target)
    return newest !== undefined && newest !== 'ended'
  }

  /** The newest N. If the session has ended or has another id, O is destroyed. */
  async #newest(target: Target): Promise<Row | 'ended' | undefined> {
    const { identity, deadline } = target
    const entry = await this.#context.store.load({ key: identity.key, now: this.#context.now(), fresh: true, deadline })
    if (entry === undefined) return undefined
    if (entry.proof === identity.proof) return this.#rowOf(entry)
    await this.#destroy(target)
    return 'ended'
  }

  /**
   * Replaces the properties of N. Resolves to `undefined` if N was changed or ended in between. If
   * the response was lost, the row can have changes that others have made since.
   */
  async #replace({ entry }: Row, texts: Texts, { identity, deadline }: Target): Promise<Row | undefined> {
    const replaced = await this.#context.replace(identity, entry, texts, deadline)
    return replaced && this.#rowOf(replaced)
  }

  /** Destroys O of a session that has ended. If that fails, the next request repeats it. */
  #destroyLeft(target: Target): Promise<undefined> {
    return this.#destroy(target).then(
      () => undefined,
      () => undefined,
    )
  }

  #destroy({ identity, deadline }: Target): Promise<void> {
    return this.#old.destroy(identity.id, deadline)
  }

  #rowOf(entry: Entry): Row {
    return { entry, texts: this.#format.decode(entry.payload) ?? new Map() }
  }

  /** The record of the row of this id in the old store. */
  #recordOf({ entry, texts }: Row): BridgeRecord {
    const record = this.#format.recordOf(texts)
    return record?.proof === entry.proof ? record : emptyRecord(entry.proof)
  }
}

/** The old store for a dry run. */
function readOnly(old: CarryOverParts['old']): CarryOverParts['old'] {
  const nothing = async (): Promise<void> => undefined
  return { get: (sid, deadline) => old.get(sid, deadline), set: nothing, destroy: nothing, touch: nothing }
}
