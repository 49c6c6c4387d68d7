import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CommandError } from '../context.ts'
import { platformWarning } from './platform.ts'

describe('A role runs', () => {
  test('on Linux, without a word', () => assert.equal(platformWarning('linux'), null))
  test('on macOS, for development', () => {
    assert.match(platformWarning('darwin') ?? '', /development only/)
  })
  test('not on Windows, which is told what to do', () => {
    const refused = (error: unknown) =>
      error instanceof CommandError && error.exitCode === 2 && /O_DSYNC.*WSL 2/.test(error.message)
    assert.throws(() => platformWarning('win32'), refused)
  })
})
