import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

/** The tests visit the build over plain HTTP; without this setting adapter-node takes every request for HTTPS. */
const origin = process.env['ORIGIN'] as `http://${string}`

export default defineConfig({ plugins: [sveltekit({ adapter: adapter(), paths: { origin } })] })
