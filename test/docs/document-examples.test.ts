import { beforeAll, describe, expect, it } from 'vitest'
import { AMBIENT } from './ambient.ts'
import { examples, moduleOf } from './examples.ts'
import { typeCheck } from './type-check.ts'

const all = examples().map((example, index) => ({ ...example, file: `example-${index}.ts` }))
let complaints: readonly string[] = []

beforeAll(async () => {
  // One that says what all sessions of a program hold needs a program of its own.
  const alone = all.filter(({ code }) => code.includes("declare module 'sojourn'"))
  const together = all.filter((example) => !alone.includes(example))
  const programs = [together, ...alone.map((example) => [example])].map((program) => [
    ['ambient.ts', AMBIENT],
    ...program.map((example) => [example.file, moduleOf(example)]),
  ])
  complaints = (await Promise.all(programs.map((program) => typeCheck(Object.fromEntries(program))))).flat()
})

describe('The examples of README.md and docs', () => {
  it('are found', () => {
    expect(all.filter(({ place }) => place.startsWith('README.md')).length).toBeGreaterThan(3)
    expect(all.filter(({ place }) => place.startsWith('docs/guide.md')).length).toBeGreaterThan(8)
  })

  it('are all the compiler speaks of', () => {
    expect(complaints.filter((line) => !line.startsWith('example-'))).toEqual([])
  })

  it.each(all)('compile: $place', ({ file, code }) => {
    expect(
      complaints.filter((line) => line.startsWith(`${file}(`)),
      code,
    ).toEqual([])
  })
})
