import { json } from '@sveltejs/kit'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = ({ locals: { session } }) => json(session.increment('visits'))
