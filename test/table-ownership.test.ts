// Nobody touches another's tables: a consumer's statements name its own schema and no other, and
// who may read every schema only reads. Which statements an adapter loads is found in its text and
// in that of the adapters it imports; only whose adapter it is stands here. Tables are always
// named with their schema: none is in the search path, so PostgreSQL would not find them.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, it } from 'node:test'

/** By path from the root. */
type Texts = ReadonlyMap<string, string>

/** Whose tables each adapter may touch. */
const owners: Readonly<Record<string, string>> = {
  'src/adapters/stores/coupon-store.ts': 'coupons',
  'src/main/commands/rebuild.ts': 'coupons',
  'src/adapters/stores/coupon-step.ts': 'coupons',
  'src/adapters/stores/stock-step.ts': 'stock',
  'src/adapters/stores/payment-step.ts': 'payments',
  'src/adapters/stores/order-process.ts': 'orders',
  'src/adapters/stores/dead-letters.ts': 'dead_letters',
  'src/adapters/stores/proof-store.ts': 'proof',
  'src/adapters/stores/proof-keys.ts': 'proof',
  'src/adapters/stores/nodes/node-board.ts': 'nodes',
  'src/adapters/stores/nodes/run-board.ts': 'nodes',
  'src/adapters/stores/nodes/given-keys.ts': 'nodes',
  'src/adapters/stores/nodes/fold-snapshots.ts': 'nodes',
  'src/adapters/database/migrations.ts': 'firstcome',
  'src/adapters/stores/topic-layout.ts': 'firstcome',
  'src/adapters/stores/fingerprints.ts': 'firstcome',
}
/** Who drops the rows of all consumers of orders, while none of them runs. */
const everybodys = new Set(['src/adapters/stores/order-rows.ts'])
/** What the API and the auditor read with: any schema, and nothing is written or locked. */
const readers = /^src\/adapters\/stores\/\w+-(reader|audit)\.ts$/

const root = join(import.meta.dirname, '..')
const paths = globSync('{src,sql}/**/*.{ts,sql}', { cwd: root }).filter((path) => {
  return !path.endsWith('.test.ts')
})
const texts: Texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))

describe('the tables of each consumer', () => {
  it('are touched by its own statements only', () => {
    assert.deepEqual(wrongsOf(texts), [])
  })

  it('are those of the schemas that the migrations create', () => {
    const created = schemasOf(texts)
    for (const schema of Object.values(owners)) assert.ok(created.includes(schema), schema)
    assert.ok(created.length >= 6)
  })

  for (const [what, [path, from, to], found] of plants()) {
    it(`are watched, which shows ${what}`, () => {
      const before = texts.get(path) ?? ''
      const planted = before.replace(from, to)
      assert.notEqual(planted, before)
      const shown = wrongsOf(new Map([...texts, [path, planted]]))
      const own = wrongsOf(texts)
      assert.deepEqual(
        shown.filter((wrong) => !own.includes(wrong)),
        found,
      )
    })
  }
})

type Plant = readonly [string, readonly [string, string | RegExp, string], string[]]

/** What somebody could do to a text, and what is said of it. */
function plants(): Plant[] {
  const join1 = 'join coupons.issued_coupons i on i.user_id = product_id\n where'
  const stock = 'src/adapters/stores/stock-step.ts'
  const reader = 'src/adapters/stores/coupon-reader.ts'
  return [
    [
      'a statement that joins another consumer',
      ['sql/statements/lock-products.sql', /\bwhere/, join1],
      [`${stock}: lock-products touches coupons`],
    ],
    [
      'a quoted name',
      [
        'sql/statements/lock-balances.sql',
        'select user_id',
        'select (select 1 from "stock" . "x")',
      ],
      ['src/adapters/stores/payment-step.ts: lock-balances touches stock'],
    ],
    [
      'an adapter that loads the statement of another consumer',
      [stock, "'upsert-products'", "'upsert-products', 'lock-orders'"],
      [`${stock}: lock-orders touches orders`],
    ],
    [
      'an adapter that imports another consumer',
      [stock, /^import/m, "import { balanceTable } from './tables/balances.ts'\nimport"],
      ['insert', 'lock', 'upsert'].map((verb) => `${stock}: ${verb}-balances touches payments`),
    ],
    [
      'shared statements for the schema of another consumer',
      [stock, "schema = 'stock'", "schema = 'orders'"],
      [`${stock}: its schema is not stock`],
    ],
    [
      'a shared statement that names one schema',
      ['sql/statements/insert-commands.sql', 'into {schema}.', 'into stock.'],
      ['coupon-step', 'dead-letters', 'order-process', 'payment-step'].map((name) => {
        return `src/adapters/stores/${name}.ts: insert-commands touches stock`
      }),
    ],
    [
      'a search path',
      [
        'sql/statements/lock-orders.sql',
        'select',
        "select set_config('search_path', 'stock', true),",
      ],
      ['lock-orders sets the search path'],
    ],
    [
      'a reader that locks',
      ['sql/statements/read-held-coupons.sql', 'limit $3', 'limit $3 for update'],
      [`${reader}: read-held-coupons does not only read`],
    ],
    [
      'a reader that writes',
      [
        'sql/statements/read-held-coupons.sql',
        'select',
        'with x as (delete from coupons.uses) select',
      ],
      [`${reader}: read-held-coupons does not only read`],
    ],
    [
      'an adapter that belongs to nobody',
      ['src/adapters/memory/gate.ts', /$/, "\nloadStatements(['lock-orders'])"],
      ['src/adapters/memory/gate.ts: nobody has it'],
    ],
    [
      'a statement whose name is put together where nobody sees it',
      ['src/adapters/stores/order-process.ts', /'lock-orders'/g, "['lock', 'orders'].join('-')"],
      ['lock-orders is named by nobody'],
    ],
  ]
}

function wrongsOf(all: Texts): string[] {
  const schemas = schemasOf(all)
  const named = [...all.keys()].filter((path) => statementsIn(all, path).length > 0)
  const reached = new Set<string>()
  const wrong: string[] = []
  for (const [path, own] of Object.entries(owners)) {
    const files = withImports(all, path)
    for (const file of files) reached.add(file)
    for (const schema of schemasGiven(all.get(path) ?? '')) {
      if (schema !== own) wrong.push(`${path}: its schema is not ${own}`)
    }
    for (const name of namesIn(all, files)) {
      for (const touched of touchedBy(all, name, { schemas, own })) {
        if (touched !== own) wrong.push(`${path}: ${name} touches ${touched}`)
      }
    }
  }
  for (const path of named) {
    if (readers.test(path)) {
      const written = namesIn(all, [path]).filter((name) => !onlyReads(statement(all, name)))
      wrong.push(...written.map((name) => `${path}: ${name} does not only read`))
      continue
    }
    if (reached.has(path) || everybodys.has(path)) continue
    const touching = namesIn(all, [path]).some(
      (name) => touchedBy(all, name, { schemas }).length > 0,
    )
    if (touching) wrong.push(`${path}: nobody has it`)
  }
  return [...wrong, ...wrongStatements(all, named)].toSorted()
}

function wrongStatements(all: Texts, named: readonly string[]): string[] {
  const known = new Set(namesIn(all, named))
  return statementNames(all).flatMap((name) => {
    const wrong = known.has(name) ? [] : [`${name} is named by nobody`]
    return /search_path/i.test(statement(all, name))
      ? [...wrong, `${name} sets the search path`]
      : wrong
  })
}

function schemasOf(all: Texts): string[] {
  const migrations = [...all].filter(([path]) => path.startsWith('sql/migrations/'))
  return migrations.flatMap(([, text]) => {
    return [...text.matchAll(/^create schema (?:if not exists )?(\w+)/gm)].map(
      ([, name = '']) => name,
    )
  })
}

/** The adapter, and every adapter that it imports, and so on. */
function withImports(all: Texts, path: string, found = new Set<string>()): Set<string> {
  if (found.has(path) || everybodys.has(path) || !all.has(path)) return found
  found.add(path)
  for (const [, imported = ''] of (all.get(path) ?? '').matchAll(/^.* from '(\.[^']+)'$/gm)) {
    const target = join(dirname(path), imported)
    if (target.startsWith('src/adapters/')) withImports(all, target, found)
  }
  return found
}

/** What `{schema}` is for the shared statements that this adapter uses. */
function schemasGiven(text: string): string[] {
  return [...text.matchAll(/\bschema(?: =|:) '(\w+)'/g)].map(([, name = '']) => name)
}

function namesIn(all: Texts, files: Iterable<string>): string[] {
  return [...new Set([...files].flatMap((file) => statementsIn(all, file)))].toSorted()
}

/** The statements that an adapter's text names; `audit-${table}` names all that begin so. */
function statementsIn(all: Texts, path: string): string[] {
  const text = all.get(path) ?? ''
  if (!path.endsWith('.ts') || !text.includes('loadStatements(')) return []
  const quoted = [...text.matchAll(/'([a-z-]+)'|`([^`\n]*)`/g)]
  const shapes = quoted.map(([, plain, template = '']) => {
    return new RegExp(`^${plain ?? template.replaceAll(/\$\{[^}]*\}/g, '[a-z-]+')}$`)
  })
  return statementNames(all).filter((name) => shapes.some((shape) => shape.test(name)))
}

function statementNames(all: Texts): string[] {
  const files = [...all.keys()].filter((path) => path.startsWith('sql/statements/'))
  return files.map((path) => basename(path, '.sql'))
}

/** Without comments and quotes of names. */
function statement(all: Texts, name: string): string {
  const text = all.get(`sql/statements/${name}.sql`) ?? ''
  return text.replaceAll(/--.*$|\/\*[^]*?\*\//gm, '').replaceAll('"', '')
}

function touchedBy(
  all: Texts,
  name: string,
  { schemas, own }: { schemas: readonly string[]; own?: string },
): string[] {
  const code = statement(all, name).replaceAll(/'[^']*'/g, "''")
  const text = code.replaceAll('{schema}', own ?? '{schema}')
  return schemas.filter((schema) => new RegExp(`\\b${schema}\\s*\\.`, 'i').test(text))
}

function onlyReads(text: string): boolean {
  const writes = /\b(insert|update|delete|merge|truncate|lock|copy|create|alter|drop|call|share)\b/i
  return /^\s*(select|with)\b/i.test(text) && !writes.test(text) && !text.includes('{schema}')
}
