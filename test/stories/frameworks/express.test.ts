import express5 from 'express'
import express4 from 'express4'
import { startExpress } from '../harness/express-harness.ts'
import { stories } from '../harness/stories.ts'
import { createCookieStoreManager } from '../harness/story-app.ts'

stories({ name: 'Express 5', hasErrorPage: true, remedy: 'trust proxy', startServer: startExpress(express5) })
stories(
  { name: 'Express 5, sessions in cookies', hasErrorPage: true, remedy: 'trust proxy', startServer: startExpress(express5) },
  { createManager: createCookieStoreManager, hasRows: false },
)
stories({ name: 'Express 4', hasErrorPage: true, remedy: 'trust proxy', startServer: startExpress(express4) })
