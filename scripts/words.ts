// The words that `check-words.ts` keeps out, with what to write instead. Words that also have a
// standard meaning here, such as `release` of a pooled client, are not listed.

export interface Word {
  /** Whole words, separated by spaces; parts of a regular expression. */
  readonly words: string
  readonly instead: string
  /** Only files whose path begins so are checked. */
  readonly only?: string
  /** Files that are not checked; a comment states the reason. */
  readonly except?: readonly string[]
}

/** Names of variables, members, types and files. */
export const names: readonly Word[] = [
  { words: 'Patience patience', instead: 'OperationOptions, options' },
  { words: 'Served Guarded', instead: 'AttachedStore, GuardedStore' },
  { words: 'Incoming Arrival WebArrival NodeArrival arrivalOf', instead: 'IncomingRequest, webRequest, nodeRequest' },
  { words: 'brought openBrought unopened', instead: 'deferred, openToken' },
  { words: 'Owed owed addOwed dressed', instead: 'SessionHeaders, responseHeaders, withSessionHeaders' },
  { words: 'CookieDebt debt owe', instead: 'PendingCookies, add' },
  { words: 'Customs customs SessionDialect Reading', instead: 'SessionRules, SessionProfile, RuleContext', only: 'src/' },
  { words: 'Dialect dialect', instead: 'profile, framework; a dialect is one of SQL', only: 'src/core/' },
  { words: 'Dialect dialect', instead: 'profile, framework; a dialect is one of SQL', only: 'src/adapters/' },
  { words: 'Keeper keeper Performer performer', instead: 'Committer, committer' },
  { words: 'noting carryOut takeOut', instead: 'withDeadline, execute, commitClaim' },
  { words: 'life outrun', instead: 'generation, hasCommitted; or lifetime' },
  { words: 'Reached reached judged concluded', instead: 'LoadResult, result, validate, toState', only: 'src/' },
  { words: 'openFrom findId absence', instead: 'loadInto, parseSessionCookie, absentReason' },
  { words: 'Carried carried', instead: 'CookieMatch, match', only: 'src/' },
  { words: 'Fate fate recognised', instead: 'WriteOutcome, outcome, resolveConflict' },
  { words: 'fold Folded folded lay leftOut', instead: 'buildBatch, Batch, batch, applyJob, retryIndividually' },
  { words: 'lane', instead: 'queue', only: 'src/' },
  { words: 'noticeEdit Handed handed', instead: 'detectMutation, Exposed, exposed' },
  { words: 'loud', instead: 'throwOnUnknownProperty' },
  { words: 'withoutPasswords wrongOption', instead: 'redactPasswords, invalidOption' },
  { words: 'draw Draw systemDraw drawFrom', instead: 'randomText, RandomText' },
  { words: 'giveWay inBatches', instead: 'throttle, deleteInBatches' },
  { words: 'holdStore ResponseHold Party party owesDrain', instead: 'retainStore, DeferredResponse, CommitHook, hook, needsDrain' },
  { words: 'hear heard', instead: 'onCall, onMessage, received' },
  { words: 'Visit Visitor visits', instead: 'NodeExchange, RequestCommit', only: 'src/' },
  { words: 'together Together gather board depart aboard', instead: 'batch, BatchableStatement, enqueue, schedule, flush', only: 'src/' },
  { words: 'wasInTheWay IN_THE_WAY', instead: 'isRetryable, RETRYABLE' },
  { words: 'spelt SqliteHome', instead: 'render, SqliteSource' },
  {
    words: 'RedisLine PatientLine heedingSilence Heed prod coming',
    instead: 'ClientLink, DeadlineClient, detectStall, OnStall, ping, reconnected',
  },
  {
    words: 'bury burials payAll isBehind hearTime Era era',
    instead: 'invalidate, invalidations, flushPending, isStale, observeTime, Epoch, epoch',
  },
  { words: 'tell told', instead: 'publish, report; events, messages' },
  { words: 'Listening beat', instead: 'InvalidationChannel, heartbeat' },
  {
    words: 'NEVER_BORN birthIn born FileLife lifeAfterSave',
    instead: 'NO_CREATED_AT, createdAtIn, created, FileExpiry, lifetimeAfterSave',
  },
  { words: 'MOST_\\w+ LONGEST_\\w+ LEAST_\\w+', instead: 'MAX_…, MIN_…' },
  { words: 'house room wall walls trespass trespasses frontDoor', instead: 'package, layer, import rule, violation, entry point' },
  { words: 'toll doors onStage', instead: 'cost, checkpoints, inBrowser', only: 'test/' },
  { words: 'scene worlds World world', instead: 'fixture, TestApp, app', only: 'test/' },
  { words: 'witness overhear', instead: 'audit log, record' },
]

/** Words of file names, without the extensions. */
export const fileNames: readonly Word[] = [
  { words: 'weather-store forgetful-store', instead: 'faulty-store, lossy-store' },
  { words: 'toll doors scene worlds on-stage', instead: 'cost, checkpoints, fixture, fixtures', only: 'test/' },
  { words: 'hold keeper performer customs lay fold commit-marks', instead: 'defer-response, committer, rules, job, batch, receipts' },
  { words: 'same-secret cookie-pieces', instead: 'constant-time-equal, cookie-chunks' },
  { words: 'witness overhear walls rooms', instead: 'audit-log, import-rules' },
]

/** Words in comments, messages, test names and documents. A capital letter means: at the start of a sentence. */
export const prose: readonly Word[] = [
  { words: 'Whoever Nobody Somebody', instead: 'make the thing the subject, for example "Repeated calls return …"' },
  { words: 'anew', instead: 'again' },
  { words: '[Mm]eanwhile', instead: 'concurrently, since then, in the meantime' },
  { words: '[Ss]urely', instead: 'certainly, or leave it out' },
  { words: '[Bb]eside', instead: 'next to, in addition to' },
  { words: 'of\\s(its|their|our|his)\\sown', instead: 'leave it out, or "separate"' },
  { words: 'any\\smore(?!\\sthan)', instead: 'no longer' },
  { words: 'instants?', instead: 'time, timestamp' },
  { words: 'born living', instead: 'created, current' },
  { words: 'worthless', instead: 'not valid, invalid' },
  { words: "(of|from)\\sbefore(?=['.,;)])", instead: 'old, former, that was used before' },
  { words: '[Ss]tops?\\sto\\s(report|watch|listen|read|write|send)', instead: 'stops reporting' },
  { words: '(gives?|gave|giving)\\sway', instead: 'waits, yields, is replaced' },
  { words: '(comes?|came|brings?|brought)\\sabout', instead: 'happens, creates' },
  { words: '(under|in)\\s(its|their|our|his)\\shands', instead: 'while it is running' },
  {
    words:
      '(?<!(left|far)\\s)[Bb]ehind(?!\\s(a|an|the|any|some|every|each|one|two)?\\s?([\\w`-]+\\s)?(proxy|proxies|load\\sbalancer|balancer|CDN|TLS|nginx|Nginx|Cloudflare|HTTPS|firewall|Sentinels?|servers?|origin))',
    instead: 'after, queued after; "behind" only with a proxy',
  },
]
