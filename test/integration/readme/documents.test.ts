// What the documents say is held against what there is: links lead somewhere; settings, commands,
// metrics, alerts, limits and folders are those of the code; and no command is there that no test
// runs. readme.test.ts runs them.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import * as writer from '../../../src/adapters/log-file/topic-writer.ts'
import { defaultClaimLimits } from '../../../src/api/claims/claim-parts.ts'
import * as schemas from '../../../src/api/http/schemas.ts'
import { serverLimits } from '../../../src/api/http/server-limits.ts'
import { orderLimits } from '../../../src/api/orders/order-limits.ts'
import * as kinds from '../../../src/config/setting-table.ts'
import * as settings from '../../../src/config/settings.ts'
import * as messages from '../../../src/domain/coupons/messages.ts'
import * as quantity from '../../../src/domain/coupons/quantity.ts'
import { buildProgram } from '../../../src/main/cli/program.ts'
import { within } from '../processes/service-process.ts'
import { anchorOf, codeRowsOf, linksOf, sectionsOf } from './markdown.ts'
import { english, firstLine, korean, operating, read, root, rowsOf } from './pages.ts'

/** They take longer than all tests together: what they are made of is tested beside them. */
const measurement = 'npm run bench'
const [beginMsMax, endMsMax] = [60_000, 30_000]
const readmeLinesMax = 400

describe('the documents', () => {
  const pages = globSync('{*.md,docs/**/*.md}', { cwd: root })

  it('link to files and headings that are there', () => {
    const wrong = pages.flatMap((page) => {
      return linksOf(read(page))
        .filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`)
    })
    assert.deepEqual(wrong, [])
  })

  it('have no command that no test runs, or that another than these cannot', () => {
    const own = [...english, ...korean, ...operating].flatMap(({ blocks }) => blocks)
    const others = pages.filter(
      (page) => !/^(README|docs\/(tour|reference|when|operating))/.test(page),
    )
    const blocks = others.flatMap((page) =>
      sectionsOf(read(page)).flatMap((section) => section.blocks),
    )
    const known = new Set(own.map(firstLine))
    const left = blocks.filter(({ language }) => language === 'sh').map(firstLine)
    assert.deepEqual(
      left.filter((line) => !known.has(line) && !line.startsWith(measurement)),
      [],
    )
  })

  it('have measurements that begin as they stand there, and end where they are interrupted', async () => {
    const lines = pages.flatMap((page) => {
      const blocks = sectionsOf(read(page)).flatMap((section) => section.blocks)
      const named = [...read(page).matchAll(/`(npm run bench[^`\n]*)`/g)].map(
        ([, line = '']) => line,
      )
      return [...named, ...blocks.flatMap(({ text }) => text.split('\n'))]
    })
    const distinct = new Set(lines.filter((line) => line.startsWith(measurement)))
    assert.ok(distinct.size > 5)
    for (const line of distinct) await beginAndInterrupt(line)
  })

  it('name only scripts and commands that there are, with options that they take', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const program = buildProgram({ version: '', wire: () => {} })
    const wrong = pages.flatMap((page) => {
      const named = [...read(page).matchAll(/\bnpm run (?:--silent )?([\w:]+)/g)]
      const typed = [...read(page).matchAll(/\bnpx firstcome ([^\n`|&;)…]+)/g)]
      return [
        ...named.filter(([, name = '']) => !(name in scripts)),
        ...typed.filter(([, words = '']) => !isCommand(program, words.split(' '))),
      ].map(([text]) => `${page}: ${text}`)
    })
    assert.deepEqual(wrong, [])
  })

  it('have no table that an empty line cuts', () => {
    const cut = pages.flatMap((page) => {
      const rows = read(page).matchAll(/\n\n(\|.*)\n(?!\|[ :|-]+\|\n)/g)
      return [...rows].map(([, row]) => `${page}: ${row}`)
    })
    assert.deepEqual(cut, [])
  })

  it('show every folder of the source and of the tests', () => {
    const parts = sectionsOf(read('ARCHITECTURE.md')).find(({ title }) => title === 'The parts')
    const shown = parts?.blocks.map(({ text }) => text).join('') ?? ''
    const folders = globSync(['{src,test}/*/', 'src/{adapters,api,audit,domain,main}/*/'], {
      cwd: root,
    })
    const missing = folders.filter((path) => !shown.includes(`${path.split('/').at(-1)}/`))
    assert.ok(folders.length > 20)
    assert.deepEqual(missing, [])
  })

  it('leave to other pages what is not needed at first', () => {
    for (const page of ['README.md', 'README.ko.md']) {
      assert.ok(read(page).split('\n').length <= readmeLinesMax, page)
    }
  })

  it('name the settings that there are, with their defaults', () => {
    const named = rowsOf(english, /^FIRSTCOME_/)
    assert.deepEqual(named.map(([name]) => name).toSorted(), kinds.settingNames.toSorted())
    for (const [name = '', value = ''] of named) {
      if (['none', 'made on the first start'].includes(value)) continue
      const given = settings.readSettings({ [name]: value })
      assert.deepEqual(given, settings.readSettings({}), `${name} is not ${value} by default`)
    }
  })

  it('name the metrics of several nodes that there are', () => {
    const files = globSync('src/**/*.ts', { cwd: root })
    const source = files.map((file) => read(file)).join('')
    const several = operating.filter(({ title }) => title === 'Watching several nodes')
    const named = rowsOf(several, /^firstcome_/).map(([name = '']) => name)
    assert.ok(named.length > 5)
    for (const name of named) assert.ok(source.includes(`name: '${name}'`), name)
  })

  it('make keys and secrets that the settings take', () => {
    const folder = mkdtempSync(join(tmpdir(), 'firstcome-openssl-'))
    const lines = operating
      .flatMap(({ blocks }) => blocks)
      .flatMap(({ text }) => text.split('\n'))
      .filter((line) => line.startsWith('openssl '))
    const printed = lines.map((line) => execFileSync(line, { cwd: folder, shell: true }))
    const secret = String(printed.find((output) => output.length > 0)).trim()
    for (const file of ['proof-key.pem', 'new-key.pem']) {
      const key = { FIRSTCOME_PROOF_KEY_FILE: join(folder, file) }
      const taken = settings.readSettings({ ...key, FIRSTCOME_PROOF_SECRET: secret })
      assert.ok(taken.ok, JSON.stringify(taken))
      assert.match(String(taken.settings.proofKey), /BEGIN PRIVATE KEY/)
      assert.equal(taken.settings.proofSecret, secret)
    }
    rmSync(folder, { recursive: true })
  })

  it('say what to do at every alert that there is', () => {
    const rules = read('docs/prometheus-alerts.yml').matchAll(/alert: (\w+)[^]*?severity: (\w+)/g)
    const named = rowsOf(operating, /^Firstcome/).map(([name, severity]) => `${name} ${severity}`)
    assert.deepEqual(
      named,
      [...rules].map(([, name, severity]) => `${name} ${severity}`),
    )
  })

  it('name the commands that there are', () => {
    const wired: Command[] = []
    const wire = (command: Command) => void wired.push(command)
    const program = buildProgram({ version: '', wire })
    const commands = wired.map((command) => {
      const { parent } = command
      return parent === program ? command.name() : `${parent?.name()} ${command.name()}`
    })
    const table = english.find(({ title }) => title === 'Commands')?.prose ?? ''
    assert.deepEqual(
      codeRowsOf(table)
        .map(([name]) => name)
        .toSorted(),
      commands.toSorted(),
    )
  })

  it('name limits that there are, with their values', () => {
    const limitsOf = [defaultClaimLimits, orderLimits, serverLimits]
    const modules = [settings, kinds, messages, quantity, schemas, writer, ...limitsOf]
    const limits = new Map<string, unknown>(modules.flatMap((module) => Object.entries(module)))
    const named = rowsOf(operating, /^\w+Max$|^\w+Min$/)
    assert.ok(named.length > 10)
    for (const [name = '', value = ''] of named) {
      assert.equal(Number(value.replaceAll(',', '')), limits.get(name), name)
    }
  })
})

/** Words as typed behind `npx firstcome`. */
function isCommand(program: Command, words: readonly string[]): boolean {
  let command = program
  for (const [n, word] of words.entries()) {
    const next = command.commands.find((other) => other.name() === word)
    if (next === undefined) return n > 0 && words.slice(n).every((rest) => isOption(command, rest))
    command = next
  }
  return true
}

function isOption(command: Command, word: string): boolean {
  if (!word.startsWith('--')) return true
  const above = command.parent === null ? [] : [command.parent, command.parent.parent ?? command]
  return [command, ...above].some(({ options }) => options.some(({ long }) => long === word))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return false
  if (anchor === undefined) return true
  return sectionsOf(readFileSync(target, 'utf8')).some(({ title }) => anchorOf(title) === anchor)
}

/** As by somebody who presses Ctrl-C; it has ended once nobody is left who could say anything. */
async function beginAndInterrupt(line: string): Promise<void> {
  const shell = spawn(line, { cwd: root, shell: true, detached: true })
  const ended = once(shell, 'close')
  const begun = Promise.withResolvers<void>()
  let said = ''
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (/^[\w-]+: .*; about (a minute|\d+ minutes)$/m.test(said)) begun.resolve()
    })
  }
  let isOver = false
  void ended.then(() => {
    isOver = true
    begun.reject(new Error(`${line} ended by itself: ${said}`))
  })
  const signal = (name: NodeJS.Signals) => isOver || process.kill(-Number(shell.pid), name)
  try {
    await within(begun.promise, beginMsMax, `the begin of ${line}`)
    signal('SIGINT')
    await within(ended, endMsMax, `the end of ${line}`)
  } finally {
    signal('SIGKILL')
  }
}
