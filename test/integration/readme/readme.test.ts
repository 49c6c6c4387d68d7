// What the documents say is held against what there is: the commands of the README are executed as
// they stand there, in a folder of their own, and print what it shows; the two languages say the
// same; links lead somewhere; settings, commands, calls, metrics and limits are those of the code.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Command } from 'commander'
import { readOwner } from '../../../src/adapters/data-directory.ts'
import * as writer from '../../../src/adapters/log-file/topic-writer.ts'
import { defaultClaimLimits } from '../../../src/api/claims/claim-parts.ts'
import * as schemas from '../../../src/api/http/schemas.ts'
import { serverLimits } from '../../../src/api/http/server-limits.ts'
import { orderLimits } from '../../../src/api/orders/order-limits.ts'
import * as kinds from '../../../src/config/setting-table.ts'
import * as settings from '../../../src/config/settings.ts'
import * as messages from '../../../src/domain/coupons/messages.ts'
import { buildProgram } from '../../../src/main/cli/program.ts'
import { within } from '../processes/service-process.ts'
import { anchorOf, type Block, codeRowsOf, figuresOf, linksOf, sectionsOf } from './markdown.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const translated = ['README', 'docs/tour', 'docs/reference', 'docs/when-things-go-wrong']
const english = translated.flatMap((page) => sectionsOf(read(`${page}.md`)))
const korean = translated.flatMap((page) => sectionsOf(read(`${page}.ko.md`)))
const operating = sectionsOf(read('docs/operating.md'))

/** Commands that a test of the documents must not run, by their first line. */
const notHere: Record<string, string> = {
  'npm ci && npm start': 'the service is started for all of them; it would be installed anew',
  'npm run --silent services -- up > services.env': 'nodes.test.ts runs them',
  'npx firstcome rehearse --url http://127.0.0.1:8092': 'nodes.test.ts runs them',
  'npm ci && npm test': 'this is what is running',
  'npx firstcome rehearse --users 3000 --quantity 1500 --rate 600': 'with the next: crash.test.ts',
  'kill -9 $(node -p \'require("./data/owner.json").pid\')': 'crash.test.ts kills and starts again',
}
const waitMsMax = 240_000
const readmeLinesMax = 400

describe('the commands of the README and its pages', () => {
  let folder: string
  let service: Service
  before(async () => {
    folder = await newFolder()
    service = await startService(folder)
  })
  after(async () => {
    await service.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('print what it shows', { timeout: waitMsMax }, async () => {
    const blocks = english.flatMap((section) => section.blocks)
    const skipped = blocks.filter(isSkipped).map(firstLine)
    assert.deepEqual(skipped, Object.keys(notHere))
    const welcome = shownAfter(blocks, blocks.findIndex(isSkipped))
    assert.ok(plain(service.output(), service.url).includes(plain(welcome)), service.output())

    const run = blocks.filter((block) => block.language === 'sh' && !isSkipped(block))
    assert.ok(run.length > 10)
    const results = await runAll(run, { folder, url: service.url })
    for (const [n, block] of run.entries()) {
      const { code, out, err } = results[n] ?? { code: 'none', out: '', err: '' }
      const shown = shownAfter(blocks, blocks.indexOf(block))
      const refused = shown.startsWith('firstcome: ')
      const printed = refused ? withoutWarnings(err) : out
      // Who wins differs, and with it who buys what.
      const seen = block.text.includes('rehearse orders') ? withoutFigures : plain
      assert.equal(seen(printed, service.url), seen(shown), `${block.text}${err}`)
      assert.equal(code, refused ? '2' : '0', `${block.text}${err}`)
    }
  })

  it('of the page for operators make a copy that an audit finds whole', async () => {
    const run = operating
      .flatMap(({ blocks }) => blocks)
      .filter(({ language, text }) => language === 'sh' && !/^(docker|kubectl) /.test(text))
    // Those for containers are in containers.test.ts.
    assert.equal(run.length, 1)
    const [result] = await runAll(run, { folder, url: service.url })
    assert.equal(result?.code, '0', result?.err)
    assert.match(result?.out ?? '', /no rows in .*backup.*Every promise holds\.\n$/s)
  })

  it('are every call of the service, and each that it names is one', async () => {
    const answer = await fetch(`${service.url}/openapi.json`)
    const { paths } = (await answer.json()) as { paths: Record<string, object> }
    const calls = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const named = rowsOf(english, /^(GET|POST) \//).map(([call]) => call)
    assert.deepEqual(named.toSorted(), calls.toSorted())
  })

  it('are watched by the metrics that the page for operators names', async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    const metrics = [...text.matchAll(/^# TYPE (firstcome_\w+)/gm)].map(([, name]) => name)
    const watching = operating.filter(({ title }) => title === 'Watching')
    const named = rowsOf(watching, /^firstcome_/).map(([name]) => name)
    assert.deepEqual(named.toSorted(), metrics.toSorted())
  })
})

describe('the two languages of the README and its pages', () => {
  it('have the same headings in the same order', () => {
    const levels = (sections: typeof english) => sections.map(({ level }) => level)
    assert.deepEqual(levels(korean), levels(english))
  })

  it('have the same commands and the same output', () => {
    const code = (sections: typeof english) =>
      sections.map(({ blocks }) => blocks.filter(({ language }) => language !== 'mermaid'))
    assert.deepEqual(code(korean), code(english))
  })

  it('have the same figures, and lead to the same places', () => {
    for (const [n, { prose, title }] of english.entries()) {
      const other = korean[n]?.prose ?? ''
      assert.deepEqual(figuresOf(other), figuresOf(prose), title)
      assert.deepEqual(placesOf(other), placesOf(prose), title)
    }
  })
})

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
    const modules = [settings, kinds, messages, schemas, writer, ...limitsOf]
    const limits = new Map<string, unknown>(modules.flatMap((module) => Object.entries(module)))
    const named = rowsOf(operating, /^\w+Max$|^\w+Min$/)
    assert.ok(named.length > 10)
    for (const [name = '', value = ''] of named) {
      assert.equal(Number(value.replaceAll(',', '')), limits.get(name), name)
    }
  })
})

type Service = { url: string; output(): string; stop(): Promise<void> }

/** The repository as a newcomer sees it, but with a ./data of its own. */
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'firstcome-readme-'))
  for (const name of ['bin', 'node_modules', 'package.json', 'sql', 'src']) {
    symlinkSync(join(root, name), join(folder, name))
  }
  return folder
}

function environment(): NodeJS.ProcessEnv {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`
  return { PATH: path, HOME: process.env.HOME ?? '', FIRSTCOME_PORT: '0' }
}

async function startService(folder: string): Promise<Service> {
  const child = spawn('npm', ['start'], { cwd: folder, env: environment() })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  }
  const exited = once(child, 'exit')
  const data = join(folder, 'data')
  const deadline = performance.now() + waitMsMax
  for (;;) {
    const owner = readOwner(data)
    if (owner?.url !== undefined && printed.includes('Stop it')) {
      const stop = async () => {
        process.kill(owner.pid, 'SIGTERM')
        await within(exited, waitMsMax, 'the stop')
      }
      return { url: owner.url, output: () => printed, stop }
    }
    assert.ok(child.exitCode === null && performance.now() < deadline, printed)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

type Ran = { code: string; out: string; err: string }

/** All in one shell, as typed one after the other. */
async function runAll(blocks: Block[], at: { folder: string; url: string }): Promise<Ran[]> {
  const results = join(at.folder, 'results')
  await mkdir(results, { recursive: true })
  const script = blocks.map(({ text }, n) => {
    const here = text.replaceAll('http://127.0.0.1:8080', at.url)
    return `{\n${here}} >results/${n}.out 2>results/${n}.err\necho -n $? >results/${n}.code\n`
  })
  await writeFile(join(results, 'script'), script.join(''))
  const shell = spawn('bash', ['results/script'], {
    cwd: at.folder,
    env: environment(),
    stdio: 'ignore',
  })
  await within(once(shell, 'exit'), waitMsMax, 'the commands')
  const result = (n: number, kind: string) => readFile(join(results, `${n}.${kind}`), 'utf8')
  return Promise.all(
    blocks.map(async (_, n) => ({
      code: await result(n, 'code'),
      out: await result(n, 'out'),
      err: await result(n, 'err'),
    })),
  )
}

function isSkipped(block: Block): boolean {
  return block.language === 'sh' && firstLine(block) in notHere
}

function firstLine({ text }: Block): string {
  return text.split('\n')[0] ?? ''
}

/** What the document shows right after a block of commands; '' where that prints nothing. */
function shownAfter(blocks: readonly Block[], at: number): string {
  const next = blocks[at + 1]
  return next === undefined || next.language === 'sh' ? '' : next.text
}

/** Without what differs from run to run: times, ids, places, addresses, directories. */
function plain(text: string, url = 'http://127.0.0.1:8080'): string {
  return text
    .replaceAll(url, 'URL')
    .replaceAll(/(\/\S*|\.)\/data\b/g, 'DATA')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/"claimId":"[\w-]+"/g, 'CLAIM')
    .replaceAll(/"code":"[^"]+"/g, 'CODE')
    .replaceAll(/"partition":\d+,"offset":\d+/g, 'PLACE')
    .replaceAll(/\brun [0-9a-f]{8}\b/g, 'RUN')
    .replaceAll(/\b(rehearsal[- ])[0-9a-f]{8}\b/gi, '$1RUN')
    .replaceAll(/\bprocess \d+/g, 'PROCESS')
    .replaceAll(/[\d,.]+ (ms|s)\b/g, 'DURATION')
    .replaceAll(/[\d,]+ a second/g, 'RATE')
    .replaceAll(/[\d,]+ records, [\d,]+ claims/g, 'RECORDS')
    .replaceAll(/, [\d,]+ records? behind the log/g, '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
}

function withoutFigures(text: string, url?: string): string {
  return plain(text, url).replaceAll(/\d[\d,]*/g, 'FIGURE')
}

function withoutWarnings(text: string): string {
  return text.replaceAll(/^npm warn.*\n/gm, '')
}

function rowsOf(sections: typeof english, name: RegExp): string[][] {
  const rows = sections.flatMap(({ prose }) => codeRowsOf(prose))
  return rows.filter(([first = '']) => name.test(first))
}

/** Where links lead, whichever language it is in: headings differ. */
function placesOf(text: string): string[] {
  const pages = new RegExp(`(^|/)(${translated.join('|').replaceAll('docs/', '')})(\\.ko)?\\.md.*$`)
  return linksOf(text)
    .map((link) => link.replace(pages, '$1$2.md'))
    .toSorted()
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return false
  if (anchor === undefined) return true
  return sectionsOf(readFileSync(target, 'utf8')).some(({ title }) => anchorOf(title) === anchor)
}
