import { error } from '@sveltejs/kit'
import { session } from 'sojourn/sveltekit'
import { sessions } from './lib/server/sessions'

export const handle = session(sessions, { error })
