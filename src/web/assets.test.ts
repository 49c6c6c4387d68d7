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

describe('assets', () => {
  it('has each library under the path by which pages import it', () => {
    const { imports } = JSON.parse(importMap) as { imports: Record<string, string> }
    assert.deepEqual(Object.keys(imports), ['preact', 'preact/hooks', 'htm', 'uplot'])
    for (const path of Object.values(imports)) {
      assert.match(asset(path).bodies.identity.toString(), /export/, path)
    }
  })

  it('is the same in every encoding', () => {
    const { bodies } = asset('/assets/event.js')
    assert.deepEqual(gunzipSync(bodies.gzip), bodies.identity)
    assert.deepEqual(brotliDecompressSync(bodies.br), bodies.identity)
  })

  it('joins a module with all that it imports, without types and comments', () => {
    for (const path of ['/assets/event.js', '/firstcome-claim.js']) {
      const text = asset(path).bodies.identity.toString()
      assert.doesNotMatch(text, /^(import|export) |^\s|\/\*\*|: string\b/m, path)
      const names = [...text.matchAll(/^(?:async )?(?:function|class|const|let) (\w+)/gm)]
      const top = text.split('\n').reduce<{ depth: number; names: string[] }>(collect, none())
      assert.ok(names.length > 30)
      assert.equal(new Set(top.names).size, top.names.length, `${path}: ${top.names.join(' ')}`)
    }
  })

  it('has all that the page of the proof and its worker import, and nothing of Node', () => {
    const seen = new Set<string>()
    const follow = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      const text = asset(path).bodies.identity.toString()
      for (const [, imported = ''] of text.matchAll(/^(?:import|}).* from '([^']+)'$/gm)) {
        follow(new URL(imported, `http://localhost${path}`).pathname)
      }
    }
    follow(`${proofModules}web/proof/page.js`)
    follow(`${proofModules}web/proof/worker.js`)
    assert.ok(seen.has(`${proofModules}domain/proof/sale.js`))
    assert.ok(seen.has(`${proofModules}web/proof/node/crypto.js`))
    const { policy = '' } = asset(`${proofModules}web/proof/worker.js`)
    assert.match(policy, /^default-src 'none'; script-src 'self'; connect-src 'self'$/)
    const bytes = [...seen].reduce((sum, path) => sum + asset(path).bodies.gzip.length, 0)
    assert.ok(bytes <= 40_000, `${bytes} bytes`)
  })

  it('weighs little: the page has at most 40 kB in all', () => {
    assert.ok(asset('/assets/event.js').bodies.gzip.length <= 20_000)
  })

  it('has the element in one module of at most 5 kB, which loads nothing else', () => {
    const { bodies } = asset('/firstcome-claim.js')
    assert.ok(bodies.gzip.length <= 5_000, `${bodies.gzip.length} bytes`)
    assert.ok(bodies.br.length <= bodies.gzip.length)
    assert.doesNotMatch(bodies.identity.toString(), /^import|import\(|\bfrom'/m)
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
