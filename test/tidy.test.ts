// What the type checker and the linter cannot see: which folder may import which, what the core
// may not touch, how large files may be, that nothing unfinished is left, and that the table of
// mutants is true of the sources as they are.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { nameOf, outOfDate } from './mutants/mutant.ts'
import { mutants } from './mutants/table.ts'

const root = join(import.meta.dirname, '..')
const sources = globSync('{src,test,bin}/**/*.{ts,js}', { cwd: root }).toSorted()
const statements = globSync('sql/**/*.sql', { cwd: root }).toSorted()
const pages = globSync('{*.md,docs/**/*.md}', { cwd: root }).filter((p) => p !== 'CHANGELOG.md')
const text = new Map([...sources, ...statements].map((path) => [path, read(path)]))

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function importsOf(path: string): string[] {
  const found = (text.get(path) ?? '').matchAll(
    /^(?:import|export)[^'\n]*?from '([^']+)'|^} from '([^']+)'|import\('([^']+)'\)/gm,
  )
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function isProduct(path: string): boolean {
  return path.startsWith('src/') && !path.endsWith('.test.ts')
}

function resolved(path: string, imported: string): string {
  if (!imported.startsWith('.')) return imported
  return relative(root, join(root, dirname(path), imported))
}

/** Which of these packages are loaded before the file runs. */
function loadedBy(path: string, packages: readonly string[]): string[] {
  const seen = new Set<string>()
  const follow = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const loads = (text.get(file) ?? '').matchAll(/^import(?! type\b)[^']*?from '([^']+)'/gm)
    for (const [, imported = ''] of loads) follow(resolved(file, imported))
  }
  follow(path)
  return packages.filter((name) => seen.has(name))
}

const roles = ['api', 'issuer', 'orders', 'audit', 'rehearsal', 'witness']

/**
 * What each part may import beside itself; the first that fits a file counts. Packages and what
 * Node brings are free, except for the parts named in `pure`.
 */
const arrows: { part: string; may: string[] }[] = [
  { part: 'domain', may: [] },
  { part: 'ports', may: ['domain'] },
  { part: 'config', may: ['ports', 'domain'] },
  { part: 'client', may: ['ports', 'domain'] },
  { part: 'consumer', may: ['ports', 'domain'] },
  { part: 'snapshots', may: ['ports', 'domain'] },
  { part: 'web/shared', may: [] },
  { part: 'web/event', may: ['web/shared'] },
  { part: 'web/proof', may: ['web/shared', 'domain'] },
  { part: 'web/console', may: ['web/shared'] },
  { part: 'web', may: [] },
  { part: 'api', may: ['ports', 'domain', 'snapshots', 'web'] },
  { part: 'issuer', may: ['ports', 'domain', 'consumer', 'snapshots'] },
  { part: 'orders', may: ['ports', 'domain', 'consumer'] },
  { part: 'audit', may: ['ports', 'domain'] },
  { part: 'rehearsal', may: ['ports', 'domain', 'client'] },
  { part: 'witness', may: ['ports', 'domain'] },
  { part: 'adapters', may: ['ports', 'domain'] },
  {
    part: 'main/roles',
    may: [...roles, 'consumer', 'adapters', 'config', 'ports', 'domain', 'main'],
  },
  {
    part: 'main/commands',
    may: ['main/roles', ...roles, 'client', 'adapters', 'config', 'ports', 'domain', 'main'],
  },
  { part: 'main/cli', may: ['main/commands', 'main', 'adapters', 'config', 'ports', 'domain'] },
  { part: 'main', may: ['config'] },
]
const libraries = ['preact', 'preact/hooks', 'htm', 'uplot']
const pure = new Map([
  ['web/shared', libraries],
  ['web/event', []],
  ['web/proof', []],
  ['web/console', libraries],
  ['domain', ['node:buffer', 'node:crypto']],
  ['ports', ['node:buffer']],
])

function partOf(path: string): string {
  return arrows.find(({ part }) => path.startsWith(`src/${part}/`))?.part ?? path
}

/** Adapters know messages and states, and nothing of what is decided from them. */
const foreignToAdapters = /^src\/domain\/\w+\/(decide|fold|process|\w+-step)\.ts$/

/** Who asks the wall clock, and for what; everything else waits and measures by `monotonic()`. */
const tellsTime: Readonly<Record<string, string>> = {
  'src/ports/clock.ts': 'declares it',
  'src/adapters/clock-system.ts': 'has it',
  'src/adapters/append-clock.ts': 'append times',
  'src/adapters/log-file/log-file.ts': 'the clock that is accepted',
  'src/adapters/log-file/topic-writer.ts': 'the name of a copy',
  'src/adapters/log-kafka/numbering.ts': 'the time in a batch, which the broker replaces',
  'src/adapters/memory/clock-virtual.ts': 'that of another machine',
  'src/ports/gate.ts': 'how long until a coupon closes',
  'src/api/claims/api-metrics.ts': 'how far it is from the log’s',
  'src/api/claims/log-time.ts': 'the log’s clock, until it is known, and how far it is from that',
  'src/api/console/runs.ts': 'when a run began and ended',
  'src/api/console/sessions.ts': 'when a session ends',
  'src/api/console/streams.ts': 'when a session ends, and how far it is from the log’s',
  'src/api/tokens/token-verifier.ts': 'whether a token has expired',
  'src/issuer/issuer.ts': 'how old a record is',
  'src/main/cli/coupon-commands.ts': 'what a time without a date comes to',
  'src/main/commands/audit-distributed.ts': 'how old an order is',
  'src/main/commands/audit-source.ts': 'the owner of a directory',
  'src/main/commands/audited-rows.ts': 'a token, and how old an order is',
  'src/main/commands/rebuild.ts': 'the owner of a directory',
  'src/main/commands/service-command.ts': 'a token',
  'src/main/commands/token.ts': 'a token',
  'src/main/roles/embedded.ts': 'the owner of a directory',
  'src/main/roles/snapshots/kept-audit.ts': 'when an audit was made',
  'src/main/commands/proof/rotate-key.ts': 'until when a key has signed',
  'src/main/commands/proof/rotate-key-sql.ts': 'until when a key has signed',
  'src/main/commands/proof/witness.ts': 'the owner of a directory',
  'src/orders/order-process.ts': 'whether the time of an order is over',
  'src/rehearsal/rehearsal.ts': 'tokens',
  'src/witness/witness-server.ts': 'the time of a cosignature',
}

describe('the source tree', () => {
  it('is imported along the arrows only, types included', () => {
    const wrong: string[] = []
    for (const path of sources.filter(isProduct)) {
      const part = partOf(path)
      const may = [part, ...(arrows.find((arrow) => arrow.part === part)?.may ?? [])]
      for (const imported of importsOf(path).map((i) => resolved(path, i))) {
        const own = imported.startsWith('src/')
        const allowed = own
          ? may.includes(partOf(imported)) &&
            !(part === 'adapters' && foreignToAdapters.test(imported))
          : (pure.get(part)?.includes(imported) ?? !imported.startsWith('.'))
        if (!allowed) wrong.push(`${path} → ${imported}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('has no circle of imports, types included', () => {
    const done = new Set<string>()
    const circles: string[] = []
    const follow = (path: string, from: readonly string[]): void => {
      if (from.includes(path)) circles.push([...from.slice(from.indexOf(path)), path].join(' → '))
      if (done.has(path) || from.includes(path)) return
      for (const imported of importsOf(path)) {
        if (imported.startsWith('.')) follow(resolved(path, imported), [...from, path])
      }
      done.add(path)
    }
    for (const path of sources) follow(path, [])
    assert.deepEqual(circles, [])
  })

  it('runs in one process without what reaches Kafka, PostgreSQL and Redis', () => {
    const servers = ['@platformatic/kafka', 'pg', '@redis/client']
    const starts = ['main/commands/start', 'main/roles/issuer-thread', 'main/commands/audit']
    for (const path of starts) assert.deepEqual(loadedBy(`src/${path}.ts`, servers), [], path)
    assert.deepEqual(loadedBy('src/main/roles/distributed.ts', servers), servers.slice(0, 2))
  })

  it('has at most 25 source files directly in one folder', () => {
    const folders = Map.groupBy(
      sources.filter((path) => !path.endsWith('.test.ts')),
      (path) => dirname(path),
    )
    const wrong = [...folders].filter(([, files]) => files.length > 25)
    assert.deepEqual(
      wrong.map(([folder, files]) => `${folder}: ${files.length}`),
      [],
    )
  })

  it('leaves time, chance and the environment to those who own them', () => {
    const clocks = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval)\b/
    const chance = /\b(Math\.random|randomUUID\w*|process\.env)\b/
    const outside = /^src\/((adapters|config|main)\/|web\/shared\/browser\.ts)/
    const wrong = sources.filter((path) => {
      if (!isProduct(path)) return false
      if (!outside.test(path)) return clocks.test(code(path)) || chance.test(code(path))
      return path !== 'src/config/settings.ts' && /\bprocess\.env\b/.test(code(path))
    })
    assert.deepEqual(wrong, [])
  })

  it('asks the wall clock only where a time is told, or compared with one that was', () => {
    const users = sources.filter((path) => {
      return isProduct(path) && /(?<!performance\.)\bnow\(\)|\bDate\.now\b/.test(code(path))
    })
    assert.deepEqual(users.toSorted(), Object.keys(tellsTime).toSorted())
  })

  it('waits in no loop for one promise again and again, which would keep something of each turn', () => {
    const waits = /\bPromise\.race\(|\bwithin\(.*, [\w.]+\)/
    const wrong = sources.filter(isProduct).flatMap((path) => {
      return linesInLoops(code(path)).filter((line) => waits.test(line))
    })
    assert.deepEqual(wrong, [])
  })

  it('waits in its tests by a clock that nobody sets', () => {
    const waits = /deadline.*Date\.now|Date\.now.*deadline|Date\.now\(\) - [a-z]|until = Date\.now/
    const wrong = [...text].filter(([path]) => !isProduct(path) && path !== 'test/tidy.test.ts')
    assert.deepEqual(
      wrong.filter(([, content]) => waits.test(content)).map(([path]) => path),
      [],
    )
  })

  it('has files of at most 400 lines with lines of at most 100 columns', () => {
    const wrong: string[] = []
    for (const [path, content] of text) {
      const lines = content.split('\n')
      if (lines.length > 401) wrong.push(`${path}: ${lines.length} lines`)
      lines.forEach((line, n) => {
        // The name of a test is a sentence, and a sentence is not broken.
        const sentence = /^\s*(it|test|describe)\(['`]/.test(line)
        if (line.length > 100 && !sentence) wrong.push(`${path}:${n + 1}: ${line.length} columns`)
      })
    }
    assert.deepEqual(wrong, [])
  })

  it('says at the top of every file why it exists, in at most 8 lines', () => {
    const wrong = [...text].filter(([path, content]) => {
      // A unit test's header is the module beside it.
      if (/^src\/.*\.test\.ts$/.test(path)) return false
      const lines = content.replace(/^#!.*\n/, '').split('\n')
      const header = lines.findIndex((line) => !/^(\/\/|--)/.test(line))
      return header < 1 || header > 8
    })
    assert.deepEqual(
      wrong.map(([path]) => path),
      [],
    )
  })

  it('has no file that could be about anything, no barrel and no unfinished work', () => {
    const vague = /(^|[/-])(index|utils?|helpers?|common|manager|misc)\.(ts|js)$/
    assert.deepEqual(
      sources.filter((path) => vague.test(path)),
      [],
    )
    const unfinished = new RegExp(['\\bTO', 'DO\\b|FIX', 'ME'].join(''))
    assert.deepEqual(
      [...text].filter(([, content]) => unfinished.test(content)).map(([p]) => p),
      [],
    )
  })

  it('names only pages and tests that are there', () => {
    const files = globSync('{*.md,docs/**/*.md,{src,test}/**/*.test.ts}', { cwd: root })
    const wrong = [...sources, ...statements, ...pages].flatMap((path) =>
      [
        ...(text.get(path) ?? read(path)).matchAll(
          /(?<![\w.$}\\/-])(?:\.{1,2}\/)*\w[\w./-]*(?:\.md|\.test\.ts)\b/g,
        ),
      ]
        .map(([name]) => name.replace(/^(\.{1,2}\/)+/, ''))
        .filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))
        .map((name) => `${path}: ${name}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('names only files and folders that are there', () => {
    const wrong = pages.flatMap((path) =>
      [...read(path).matchAll(/(?<![\w./-])(?:src|test|sql|bin)\/[\w./-]*\w/g)]
        .filter(([name]) => !existsSync(join(root, name)))
        .map(([name]) => `${path}: ${name}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('lists every decision in the index', () => {
    const decisions = pages.filter((path) => /^docs\/decisions\/\d/.test(path))
    const index = read('docs/decisions/README.md')
    const wrong = decisions.filter((path) => !index.includes(`](${basename(path)})`))
    assert.deepEqual(wrong, [])
  })

  it('keeps SQL in .sql files, each used by name', () => {
    const inline = /[`'"]\s*(select|insert into|update|delete from|create table)\b/i
    const wrong = sources.filter((path) => path.startsWith('src/') && inline.test(code(path)))
    assert.deepEqual(
      wrong.filter((path) => !path.endsWith('.test.ts')),
      [],
    )
  })

  it('numbers each migration once', () => {
    const paths = globSync('sql/migrations/*.sql', { cwd: root })
    const numbers = paths.map((path) => path.split('/').at(-1)?.slice(0, 5))
    assert.ok(numbers.length > 20)
    assert.equal(new Set(numbers).size, numbers.length)
  })

  it('is changed in one place by each mutant, whose test file is there', () => {
    assert.deepEqual(outOfDate(root, mutants).map(nameOf), [])
    assert.equal(new Set(mutants.map(nameOf)).size, mutants.length)
    assert.ok(mutants.length >= 60)
  })

  it('has at most 12 scripts', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object }
    assert.ok(Object.keys(scripts).length <= 12)
  })

  it('pins every dependency to one version', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>
      devDependencies: Record<string, string>
    }
    const versions = Object.entries({ ...dependencies, ...devDependencies })
    assert.deepEqual(
      versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    )
  })
})

/** Without comments. */
function code(path: string): string {
  return (text.get(path) ?? '').replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
}

/** By their indentation; what a function has that is made in a loop does not belong to it. */
function linesInLoops(content: string): string[] {
  const around: { depth: number; kind: 'loop' | 'function' | 'other' }[] = []
  return content.split('\n').filter((line) => {
    const depth = line.search(/\S/)
    if (depth === -1) return false
    while (around.length > 0 && (around.at(-1)?.depth ?? 0) >= depth) around.pop()
    const isLoop = /^\s*(?:(?:for|while) (?:await )?\(|do\b)/.test(line)
    const kind = isLoop ? 'loop' : /(?:=>|\bfunction\b.*) [{(]$/.test(line) ? 'function' : 'other'
    around.push({ depth, kind })
    return around.findLast((one) => one.kind !== 'other')?.kind === 'loop'
  })
}
