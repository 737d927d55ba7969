import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

/** For a build that is visited over plain HTTP. Without it, adapter-node takes every request for HTTPS. */
const origin = process.env['ORIGIN'] as `http://${string}` | undefined

export default defineConfig({ plugins: [sveltekit({ adapter: adapter(), paths: { origin } })] })
