// What can be checked of the files for containers without a container engine: settings and
// commands that exist, no secret in them, and nothing in the image that does not belong there.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { neededSettings, settingNames } from '../src/config/setting-table.ts'
import { buildProgram } from '../src/main/cli/program.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const compose = read('compose.yaml')
const dockerfile = read('Dockerfile')

describe('compose.yaml', () => {
  it('sets only settings that there are, and all that its roles need', () => {
    const known: readonly string[] = settingNames
    const set = [...compose.matchAll(/^\s+(FIRSTCOME_\w+):/gm)].map(([, name]) => name)
    assert.deepEqual(
      set.filter((name = '') => !known.includes(name)),
      [],
    )
    const needed = Object.values(neededSettings).flat()
    assert.deepEqual(
      needed.filter((name) => !set.includes(name)),
      [],
    )
  })

  it('runs commands that there are, with options that they take', () => {
    const { commands } = buildProgram({ version: '', wire: () => {} })
    const run = [...compose.matchAll(/command: \["(migrate|api|issuer|orders)"(.*)\]/g)]
    assert.equal(run.length, 4)
    for (const [, name, options = ''] of run) {
      const command = commands.find((other) => other.name() === name)
      assert.ok(command, name)
      for (const [flag] of options.matchAll(/--[\w-]+/g)) {
        assert.ok(
          command.options.some(({ long }) => long === flag),
          flag,
        )
      }
    }
  })

  it('takes every secret from the environment, and none of them has a default', () => {
    for (const line of compose.split('\n')) {
      if (!/SECRET|PASSWORD/.test(line) || /^\s*#/.test(line)) continue
      assert.match(line, /\$\{\w+:\?[^}]+\}/, line)
    }
  })

  it('has a volume for the log and one for the rows, and a health check for each server', () => {
    for (const volume of ['kafka:/var/lib/kafka/data', 'postgres:/var/lib/postgresql/data']) {
      assert.ok(compose.includes(`- ${volume}`), volume)
    }
    assert.ok(compose.includes('KAFKA_LOG_DIRS: /var/lib/kafka/data'))
    assert.equal(compose.match(/^ {4}healthcheck:/gm)?.length, 6)
  })
})

describe('the image', () => {
  it('runs as a user without rights, from what the lock file says', () => {
    const users = [...dockerfile.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)
    assert.deepEqual(users, ['node'])
    assert.match(dockerfile, /^RUN npm ci --omit=dev --ignore-scripts/m)
    assert.ok(!/^(ENV|ARG).*(SECRET|PASSWORD)/m.test(dockerfile))
  })

  it('gets only what it copies, and the builder is given nothing else', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, from = '']) => from.split(' '),
    )
    assert.deepEqual([...new Set(copied)].toSorted(), allowed.toSorted())
    assert.match(read('.dockerignore'), /^\*$/m)
  })
})
