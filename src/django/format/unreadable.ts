import type { Refusal } from '../../core/base/access.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type { DjangoSigner } from '../../wire/django-signing.ts'

const SETTINGS =
  "the options `secretKey`, `fallbacks` and `salt` with Django's SECRET_KEY, its SECRET_KEY_FALLBACKS and the class of its SESSION_ENGINE"

/** Why a stored session cannot be read, and which options to check. */
export function unreadableSession(signer: DjangoSigner, data: string): string {
  return `djangoSessions: a stored session cannot be read, because ${reasonOf(signer, data)} Its visitor is anonymous here, and the session stays as it is.`
}

/** The same for a session in a signed cookie. */
export function unreadableCookie(signer: DjangoSigner, token: string): string {
  return `djangoSessions: a session cookie cannot be read, because ${reasonOf(signer, token)} Its visitor is anonymous here. A single case can be a forged cookie.`
}

function reasonOf(signer: DjangoSigner, data: string): string {
  return signer.isSigned(data)
    ? 'its content is not a JSON object of at most 16 MiB. Set SESSION_SERIALIZER to django.contrib.sessions.serializers.JSONSerializer.'
    : `no key verifies its signature. Compare ${SETTINGS}.`
}

/**
 * A session in place of an unreadable one would replace its cookie, and the visitor would be logged
 * out of Django.
 */
export const unreadableRefusal: Refusal = {
  reason: 'unreadable',
  error: () =>
    new ConfigError(
      `This visitor has a session of Django that cannot be read here. A new session would replace its cookie and log the visitor out of Django, so nothing can be stored. Compare ${SETTINGS}; SESSION_SERIALIZER has to be JSON, and the option \`maxSize\` large enough. If SECRET_KEY was changed without fallbacks, delete the sessions of the old key, which Django cannot read either. flush() ends this session.`,
    ),
}
