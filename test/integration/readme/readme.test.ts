// The commands of the README and its pages are executed as they stand there, in a folder of their
// own, and print what it shows; what the service has is what the pages name; and the two languages
// say the same. What needs no service is in documents.test.ts.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readOwner } from '../../../src/adapters/data-directory.ts'
import { freePort, serverProcess, waitFor } from '../../services/server-process.ts'
import { within } from '../processes/service-process.ts'
import { type Block, figuresOf, linksOf } from './markdown.ts'
import { english, firstLine, korean, operating, root, rowsOf, translated } from './pages.ts'

const rehearsal = 'npx firstcome rehearse --users 3000 --quantity 1500 --rate 600'
/** Commands that a test of the documents must not run, by their first line. */
const notHere: Record<string, string> = {
  'npm ci && npm start': 'the service is started for all of them; it would be installed anew',
  'npm run --silent services -- up > services.env': 'nodes.test.ts runs them',
  'npx firstcome rehearse --url http://127.0.0.1:8092': 'nodes.test.ts runs them',
  'npm ci && npm test': 'this is what is running',
  [rehearsal]: 'with the next, in a folder of their own: see below',
  'kill -9 $(node -p \'require("./data/owner.json").pid\')': 'it ends the service',
}
const waitMsMax = 240_000

describe('the commands of the README and its pages', () => {
  let folder: string
  let service: Service
  let env: Record<string, string>
  before(async () => {
    folder = await newFolder()
    // The same when it is started again, or nobody would find it.
    env = { FIRSTCOME_PORT: String(await freePort()) }
    service = await startService(folder, env)
  })
  after(async () => {
    await stopService(folder)
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

  it('of the page for operators audit, and make a copy that an audit finds whole', async () => {
    const run = operating
      .flatMap(({ blocks }) => blocks)
      .filter(({ language, text }) => language === 'sh' && !/^(docker|kubectl|openssl) /.test(text))
    // Those for containers are in containers.test.ts; keys and secrets are made by openssl.
    assert.equal(run.length, 2)
    const [since, copy] = await runAll(run, { folder, url: service.url })
    for (const result of [since, copy]) assert.equal(result?.code, '0', result?.err)
    assert.match(
      since?.out ?? '',
      /everything was looked at.*\nThe next audit can go on from here/s,
    )
    assert.match(copy?.out ?? '', /no rows in .*backup.*Every promise holds\.\n$/s)
  })

  it('keep their data in the files that the page for operators names', () => {
    const files = globSync('{*,log/*}', { cwd: join(folder, 'data') })
    const parts = operating.filter(({ title }) => title === 'What is in the data directory')
    const named = rowsOf(parts, /./).map(([name = '']) => name.replace(/\/$/, ''))
    assert.ok(files.length > 12)
    assert.deepEqual(
      files.filter((file) => file !== 'log' && !named.includes(file)),
      [],
    )
  })

  it('are every call of the service, and each that it names is one', async () => {
    const answer = await fetch(`${service.url}/openapi.json`)
    const { paths } = (await answer.json()) as { paths: Record<string, object> }
    const calls = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const named = rowsOf(english, /^(GET|POST|PATCH|DELETE) \//).map(([call]) => call)
    assert.deepEqual(named.toSorted(), calls.toSorted())
  })

  it('are watched by the metrics that the page for operators names', async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    const metrics = [...text.matchAll(/^# TYPE (firstcome_\w+)/gm)].map(([, name]) => name)
    const watching = operating.filter(({ title }) => title === 'Watching')
    const named = rowsOf(watching, /^firstcome_/).map(([name]) => name)
    assert.deepEqual(named.toSorted(), metrics.toSorted())
  })

  it('end as it is shown where they kill the service', { timeout: waitMsMax }, async () => {
    const blocks = english.flatMap((section) => section.blocks)
    const at = blocks.findIndex((block) => firstLine(block) === rehearsal)
    const [ask, killAndStart, shown] = blocks.slice(at, at + 3)
    assert.ok(ask && killAndStart && shown)
    const already = await issued(service.url)
    const asking = startShell(ask, folder, env)
    const isAsking = async () => (await issued(service.url)) > already
    await waitFor('the rehearsal to be on its way', isAsking)
    const started = startShell(killAndStart, folder, env)
    const ended = await within(asking.ended, waitMsMax, 'the rehearsal')
    assert.deepEqual(ended, [0, null], `${asking.output()}${started.output()}`)
    const [, end = ''] = shown.text.split('Promises\n')
    const [, told = ''] = asking.output().split('Promises\n')
    assert.equal(withoutFigures(told), withoutFigures(end))
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

type Service = { url: string; output(): string }

/** The repository as a newcomer sees it, but with a ./data of its own. */
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'firstcome-readme-'))
  for (const name of ['bin', 'node_modules', 'package.json', 'sql', 'src']) {
    symlinkSync(join(root, name), join(folder, name))
  }
  return folder
}

function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`
  return { PATH: path, HOME: process.env.HOME ?? '', FIRSTCOME_PORT: '0', ...more }
}

/** As it would be typed in a terminal. */
function startShell({ text }: Block, folder: string, more: Record<string, string>) {
  const child = spawn('bash', ['-c', text], { cwd: folder, env: environment(more) })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (some: string) => (printed += some))
  }
  return { ended: once(child, 'exit'), output: () => printed }
}

/** Whoever started the one that runs. */
async function stopService(folder: string): Promise<void> {
  const owner = readOwner(join(folder, 'data'))
  assert.ok(owner)
  process.kill(owner.pid, 'SIGTERM')
  await waitFor('the end of the service', () => !serverProcess(owner.pid, '').isRunning())
}

/** How many were told yes by their own record since it was started. */
async function issued(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^firstcome_claims_total\{outcome="issued",by="log"\} (\d+)$/m.exec(metrics)?.[1])
}

async function startService(folder: string, more: Record<string, string> = {}): Promise<Service> {
  const child = spawn('npm', ['start'], { cwd: folder, env: environment(more) })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  }
  const data = join(folder, 'data')
  const deadline = performance.now() + waitMsMax
  for (;;) {
    const owner = readOwner(data)
    if (owner?.url !== undefined && printed.includes('Stop it')) {
      return { url: owner.url, output: () => printed }
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
    .replaceAll(/[\d,]+ of [\d,]+ \([\d.]+ %\) stand/g, 'PAIRS stand')
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

/** Where links lead, whichever language it is in: headings differ. */
function placesOf(text: string): string[] {
  const pages = new RegExp(`(^|/)(${translated.join('|').replaceAll('docs/', '')})(\\.ko)?\\.md.*$`)
  return linksOf(text)
    .map((link) => link.replace(pages, '$1$2.md').replace('.ko.png', '.png'))
    .toSorted()
}
