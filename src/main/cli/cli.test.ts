import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { DataDirectoryError } from '../../adapters/data-directory.ts'
import { PortError } from '../../ports/port-error.ts'
import { CommandError, exitCodes } from '../context.ts'
import { failureOf } from './cli.ts'

test('Each kind of failure has its exit code and says what is needed, without a stack.', () => {
  const table: [error: unknown, exitCode: number, text: string][] = [
    [new CommanderError(0, 'commander.help', '(outputHelp)'), 0, ''],
    [new CommanderError(1, 'commander.unknownOption', 'error'), 2, ''],
    [new CommandError(exitCodes.unreachable, 'nobody\nthere'), 3, 'firstcome: nobody\nthere\n'],
    [new DataDirectoryError('in_use', 'in use'), 2, 'firstcome: in use\n'],
    [new PortError('log_damaged', 'a record is torn'), 1, 'firstcome: a record is torn\n'],
    ['text', 1, 'firstcome: unexpected: text\n'],
  ]
  for (const [error, exitCode, text] of table) {
    assert.deepEqual(failureOf(error, false), { exitCode, text })
  }
})

test('A port that is taken is reported in plain words, with what to do.', async () => {
  const first = createServer().listen(0, '127.0.0.1')
  await once(first, 'listening')
  const { port } = first.address() as AddressInfo
  const [error] = (await once(createServer().listen(port, '127.0.0.1'), 'error')) as unknown[]
  first.close()
  const { exitCode, text } = failureOf(error, false)
  assert.equal(exitCode, 2)
  assert.match(text, /^firstcome: cannot listen: .*address already in use.*\n.*--port/)
})

test('What nobody foresaw is one line and a hint, or the stack where it is wanted.', () => {
  const error = new TypeError('x is not a function\nmore')
  const short = failureOf(error, false)
  assert.equal(short.exitCode, 1)
  const hint = 'Add --verbose to see where it comes from.'
  assert.equal(short.text, `firstcome: unexpected: x is not a function\n${hint}\n`)
  const long = failureOf(error, true)
  assert.equal(long.exitCode, 1)
  assert.match(long.text, /x is not a function\nmore\n +at .*cli\.test\.ts/)
})
