import type { Session } from '../../core/session/session.ts'

const NAME = 'testcookie'
const VALUE = 'worked'

type Holder = Session<Record<string, string>>

/** Django's `set_test_cookie`: whether the browser brings cookies back is seen in its next request. */
export function setTestCookie<Data>(session: Session<Data>): void {
  ;(session as unknown as Holder).set(NAME, VALUE)
}

/** Django's `test_cookie_worked`. */
export function testCookieWorked<Data>(session: Session<Data>): boolean {
  return (session as unknown as Holder).get(NAME) === VALUE
}

/** Django's `delete_test_cookie`; `false` when there was none, where Django raises `KeyError`. */
export function deleteTestCookie<Data>(session: Session<Data>): boolean {
  return (session as unknown as Holder).delete(NAME)
}
