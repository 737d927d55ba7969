const NO_SIGNATURE = 'remove it; an id of 192 random bits needs no signature'
const COOKIE_NAME = 'use `cookie: { name }`'
const LIFETIMES = "use `idle` (the maximum time without use) and `absolute` (the maximum life), such as '14d'"
const ABSOLUTE = "use `absolute` (next to `cookie`), such as '14d'; the server enforces it"
const SLIDING = 'remove it; the time of `idle` starts again with every use'

/** The remedies for options of other session libraries, by name. */
export const FOREIGN_OPTIONS: Readonly<Record<string, string>> = {
  secret: NO_SIGNATURE,
  secrets: 'remove it; only a store that keeps sessions in the cookie needs secrets: new CookieStore({ secrets })',
  keys: NO_SIGNATURE,
  password: 'remove it; the data stays on the server',
  signed: NO_SIGNATURE,
  resave: 'remove it; sessions are saved when they change, and only then',
  saveUninitialized: 'remove it; an empty session is never saved',
  rolling: SLIDING,
  renew: SLIDING,
  unset: 'remove it; req.session.flush() ends a session',
  genid: 'remove it; ids are always random',
  proxy: "use the setting of the framework, app.set('trust proxy', …), or `cookie: { secure: true }`",
  name: COOKIE_NAME,
  key: COOKIE_NAME,
  cookieName: COOKIE_NAME,
  maxAge: LIFETIMES,
  ttl: LIFETIMES,
  expires: LIFETIMES,
  rollingExpiry: SLIDING,
  httpOnly: 'use `cookie: { httpOnly }`',
  secure: 'use `cookie: { secure }`',
  sameSite: 'use `cookie: { sameSite }`',
  'cookie.maxAge': ABSOLUTE,
  'cookie.expires': ABSOLUTE,
  'cookie.signed': NO_SIGNATURE,
  'cookie.overwrite': 'remove it; a response sets the cookie at most once',
  'cookie.encode': 'remove it; an id needs no encoding',
}
