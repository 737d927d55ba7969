import type { NextFunction, Request, Response } from 'express'

/** The pages load nothing from other origins. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function securityHeaders(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  next()
}

/**
 * Rejects requests of other sites that could change something. SameSite=Lax keeps the cookie out of
 * a foreign form; this check also prevents such a form from creating a session.
 */
export function rejectCrossSite(req: Request, res: Response, next: NextFunction): void {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  const site = req.get('sec-fetch-site') ?? 'none'
  if (isRead || site === 'same-origin' || site === 'none') return next()
  res.sendStatus(403)
}

/** Keeps pages out of the browser's cache, so that "back" shows no personal page after a logout. */
export function noStore(_req: Request, res: Response, next: NextFunction): void {
  res.set('Cache-Control', 'private, no-store')
  next()
}
