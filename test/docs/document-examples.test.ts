import { beforeAll, describe, expect, it } from 'vitest'
import { declarationsOf, NAMES } from './ambient.ts'
import { examples, moduleOf } from './examples.ts'
import { typeCheck } from './type-check.ts'

const all = examples().map((example, index) => ({ ...example, file: `example-${index}.ts` }))
let errors: readonly string[] = []

beforeAll(async () => {
  // An example that augments SessionData needs a separate program.
  const alone = all.filter(({ code }) => code.includes("declare module 'sojourn'"))
  const together = all.filter((example) => !alone.includes(example))
  const programs = [together, ...alone.map((example) => [example])].map((program) => [
    ['ambient.d.ts', declarationsOf(Object.keys(NAMES))],
    ...program.map((example) => [example.file, moduleOf(example)]),
  ])
  errors = (await Promise.all(programs.map((program) => typeCheck(Object.fromEntries(program))))).flat()
})

describe('examples of README.md and docs', () => {
  it('are found', () => {
    expect(all.filter(({ place }) => place.startsWith('README.md')).length).toBeGreaterThan(3)
    expect(all.filter(({ place }) => place.startsWith('docs/guide.md')).length).toBeGreaterThan(8)
  })

  it('cause all errors of the compiler', () => {
    expect(errors.filter((line) => !line.startsWith('example-'))).toEqual([])
  })

  it.each(all)('compile: $place', ({ file, code }) => {
    expect(
      errors.filter((line) => line.startsWith(`${file}(`)),
      code,
    ).toEqual([])
  })
})
