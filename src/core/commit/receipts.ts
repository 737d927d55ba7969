import type { RandomText } from '../base/random.ts'

/** The maximum number of receipts in a row: 32 take about 1 kB. */
const MAX_RECEIPTS = 32
const MANAGER_LENGTH = 8
const NONCE_LENGTH = 12

/**
 * The `commits` text of an entry: `floor` and then receipts `manager:nonce:number`, separated by
 * spaces, newest first.
 */
interface ReceiptList {
  /**
   * The highest number of a receipt that was removed because there were too many. A write with a
   * higher number without a receipt was not applied.
   */
  readonly floor: number
  readonly receipts: readonly string[]
}

/**
 * The receipts of one manager. A write leaves its receipt in the row; if its response is lost, the
 * receipt shows whether it was applied. The writes of a row are numbered and no clock is read, so
 * the result does not depend on the clocks of other processes.
 */
export class Receipts {
  readonly #randomText: RandomText
  readonly #limit: number
  #manager: string | undefined
  /**
   * The nonces of this manager's writes that are not settled. Their receipts must not be removed by
   * this manager.
   */
  readonly #open = new Set<string>()

  /** @param limit The maximum number of receipts in a row. */
  constructor(randomText: RandomText, limit: number = MAX_RECEIPTS) {
    this.#randomText = randomText
    this.#limit = limit
  }

  /** Starts a write. Returns its nonce, which becomes the version of the entry. */
  open(): string {
    const nonce = this.#randomText(NONCE_LENGTH)
    this.#open.add(nonce)
    return nonce
  }

  /** Ends a write: its outcome is known, or was reported as unknown. */
  close(nonce: string): void {
    this.#open.delete(nonce)
  }

  /** Returns the `commits` text of an entry that replaces one with the text `before`. */
  add(before: string, nonce: string): string {
    const { floor, receipts } = parse(before)
    const number = (receipts[0] === undefined ? floor : numberOf(receipts[0])) + 1
    const kept = [`${this.#name}:${nonce}:${number}`, ...receipts.filter((receipt) => !this.#isSettled(receipt))]
    const dropped = kept[this.#limit]
    return [dropped === undefined ? floor : numberOf(dropped), ...kept.slice(0, this.#limit)].join(' ')
  }

  /**
   * Whether the row with the text `current` contains a write. `sent` is the text of the entry that
   * was sent. `undefined` if the receipt of the write may have been dropped.
   */
  isApplied(current: string, sent: string): boolean | undefined {
    const { floor, receipts } = parse(current)
    const [own] = parse(sent).receipts
    if (own === undefined) return false // a store without compare-and-swap has no receipts
    // Changes that are replayed keep their nonce and get another number.
    if (receipts.some((receipt) => nameOf(receipt) === nameOf(own))) return true
    return numberOf(own) > floor ? false : undefined
  }

  /** Generated on first use, because a Worker may not generate random bytes while it is loaded. */
  get #name(): string {
    this.#manager ??= this.#randomText(MANAGER_LENGTH)
    return this.#manager
  }

  #isSettled(receipt: string): boolean {
    const [manager, nonce] = receipt.split(':')
    return manager === this.#name && !this.#open.has(nonce as string)
  }
}

/**
 * How often a session was written, by the `commits` text of its entry; 0 if the text has no
 * receipt.
 */
export function numberOfWrites(commits: string): number {
  const { floor, receipts } = parse(commits)
  const number = receipts[0] === undefined ? floor : numberOf(receipts[0])
  return Number.isSafeInteger(number) ? number : 0
}

function parse(commits: string): ReceiptList {
  const [floor, ...receipts] = commits.split(' ')
  return { floor: Number(floor), receipts }
}

/** `manager:nonce` of a receipt. */
function nameOf(receipt: string): string {
  return receipt.slice(0, receipt.lastIndexOf(':'))
}

function numberOf(receipt: string): number {
  return Number(receipt.slice(receipt.lastIndexOf(':') + 1))
}
