import express5 from 'express'
import express4 from 'express4'
import { makeServer } from '../harness/express-harness.ts'
import { stories } from '../harness/stories.ts'
import { sealed } from '../harness/story-app.ts'

stories({ name: 'Express 5', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express5) })
stories(
  { name: 'Express 5, sessions in cookies', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express5) },
  { make: sealed, inRows: false },
)
stories({ name: 'Express 4', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express4) })
