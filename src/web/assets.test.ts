import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { assetsByPath, importMap, proofModules } from './assets.ts'
import { pageHeaders } from './page-policy.ts'

const assets = assetsByPath()
function asset(path: string) {
  const make = assets.get(path)
  assert.ok(make, path)
  return make()
}
const textOf = async (path: string) => (await asset(path).body('identity')).toString()
const bytesOf = async (path: string) => (await asset(path).body('gzip')).length

describe('assets', () => {
  it('has each library under the path by which pages import it', async () => {
    const { imports } = JSON.parse(importMap) as { imports: Record<string, string> }
    assert.deepEqual(Object.keys(imports), ['preact', 'preact/hooks', 'htm', 'uplot'])
    for (const path of Object.values(imports)) {
      assert.match(await textOf(path), /export/, path)
    }
  })

  it('is the same in every encoding, and compressed once', async () => {
    const event = asset('/assets/event.js')
    const [plain, gzip, br] = await Promise.all([
      event.body('identity'),
      event.body('gzip'),
      event.body('br'),
    ])
    assert.deepEqual(gunzipSync(gzip), plain)
    assert.deepEqual(brotliDecompressSync(br), plain)
    assert.equal(event.body('br'), event.body('br'))
  })

  it('joins a module with all that it imports, without types and comments', async () => {
    for (const path of ['/assets/event.js', '/firstcome-claim.js']) {
      const text = await textOf(path)
      assert.doesNotMatch(text, /^(import|export) |^\s|\/\*\*|: string\b/m, path)
      const names = [...text.matchAll(/^(?:async )?(?:function|class|const|let) (\w+)/gm)]
      const top = text.split('\n').reduce<{ depth: number; names: string[] }>(collect, none())
      assert.ok(names.length > 30)
      assert.equal(new Set(top.names).size, top.names.length, `${path}: ${top.names.join(' ')}`)
    }
  })

  it('has all that the page of the proof and its worker import, and nothing of Node', async () => {
    const seen = new Set<string>()
    const follow = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const text = await textOf(path)
      for (const [, imported = ''] of text.matchAll(/^(?:import|}).* from '([^']+)'$/gm)) {
        await follow(new URL(imported, `http://localhost${path}`).pathname)
      }
    }
    await follow(`${proofModules}web/proof/page.js`)
    await follow(`${proofModules}web/proof/worker.js`)
    assert.ok(seen.has(`${proofModules}domain/proof/sale.js`))
    assert.ok(seen.has(`${proofModules}web/proof/node/crypto.js`))
    const { policy = '' } = asset(`${proofModules}web/proof/worker.js`)
    assert.match(policy, /^default-src 'none'; script-src 'self'; connect-src 'self'$/)
    const sizes = await Promise.all([...seen].map(bytesOf))
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(bytes <= 40_000, `${bytes} bytes`)
  })

  it('weighs little: the page has at most 40 kB in all', async () => {
    assert.ok((await bytesOf('/assets/event.js')) <= 20_000)
  })

  it('has the element in one module of at most 5 kB, which loads nothing else', async () => {
    const path = '/firstcome-claim.js'
    const bytes = await bytesOf(path)
    assert.ok(bytes <= 5_000, `${bytes} bytes`)
    assert.ok((await asset(path).body('br')).length <= bytes)
    assert.doesNotMatch(await textOf(path), /^import|import\(|\bfrom'/m)
  })
})

/** Names that a module declares at its top, told by the brackets that are open. */
function collect({ depth, names }: ReturnType<typeof none>, line: string): ReturnType<typeof none> {
  const found = depth === 0 && /^(?:async )?(?:function|class|const|let) (\w+)/.exec(line)
  const opened = line.match(/[{([]/g)?.length ?? 0
  const closed = line.match(/[})\]]/g)?.length ?? 0
  return { depth: depth + opened - closed, names: found ? [...names, found[1] ?? ''] : names }
}

function none(): { depth: number; names: string[] } {
  return { depth: 0, names: [] }
}

describe('the policy of a page', () => {
  it('allows what comes from here, and what has a hash; everything it says is set', () => {
    const headers = pageHeaders({ scripts: ['{}'], styles: [], frameAncestors: [] })
    const policy = headers['content-security-policy']
    assert.match(
      policy,
      /^default-src 'none'; script-src 'self' 'sha256-[\w+/]+=*'; style-src 'self';/,
    )
    assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/)
    assert.doesNotMatch(policy, /unsafe|\*|data:|http/)
  })
})
