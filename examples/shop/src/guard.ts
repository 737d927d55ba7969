import type { NextFunction, Request, Response } from 'express'

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The page loads nothing from elsewhere, and no other site's page can post here: SameSite=Lax keeps foreign forms from carrying the
 * session, Sec-Fetch-Site keeps them from starting one.
 */
export function guard(req: Request, res: Response, next: NextFunction): void {
  res.set({ 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'same-origin' })
  const from = req.get('sec-fetch-site') ?? 'none'
  if (req.method === 'GET' || req.method === 'HEAD' || from === 'same-origin' || from === 'none') return next()
  res.sendStatus(403)
}

/** Pages are personal: after a logout the browser must not bring one back out of its cache. */
export function unstored(_req: Request, res: Response, next: NextFunction): void {
  res.set('Cache-Control', 'private, no-store')
  next()
}
