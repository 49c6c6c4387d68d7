// What the pages load, by its path: modules of ours, libraries as they are published, pictures.
// Each is read and given its ETag once, when it is first asked for or soon after the start, and
// compressed once for those who first ask for it, beside the event loop: all of it together takes
// a second. What is asked for elsewhere is never looked for on the disk.

import { hash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { workerPolicy } from './page-policy.ts'
import { joinedText, moduleText } from './scripts/browser-module.ts'
import { minified } from './scripts/minified.ts'

export type Encoding = 'br' | 'gzip' | 'identity'
export type Asset = {
  type: string
  cacheControl: string
  /** Of what is a document of its own to the browser, as a worker is. */
  policy?: string | undefined
  etag: string
  body(encoding: Encoding): Promise<Buffer>
}

const root = import.meta.dirname
const source = join(root, '..')

/** A joined module is whole by itself, so a minute of an older one does no harm. */
const aMinute = 'public, max-age=60'
/** Modules that import each other must be of one version. */
const askAgain = 'public, no-cache'

const scriptType = 'text/javascript; charset=utf-8'
const styleType = 'text/css; charset=utf-8'

/** What pages import by name; see `importMap`. */
const libraries: Readonly<Record<string, () => string>> = {
  preact: () => library('preact/dist/preact.mjs'),
  'preact/hooks': () => library('preact/hooks/dist/hooks.mjs'),
  htm: () => library('htm/dist/htm.module.js'),
  // Its module for bundlers is twice as large as what it publishes for pages.
  uplot: () => `${library('uplot/dist/uPlot.iife.min.js')}\nexport default uPlot\n`,
}

/** The text of an import map, for pages that are made of modules. */
export const importMap = JSON.stringify({
  imports: Object.fromEntries(Object.keys(libraries).map((name) => [name, libraryPath(name)])),
})

/** Modules that stand by themselves, joined from their parts. */
const joined: Readonly<Record<string, string>> = {
  '/assets/event.js': 'event/page.ts',
  '/firstcome-claim.js': 'event/element.ts',
}

/** The page of the proof has modules of the domain too: they stand as they do in the source. */
export const proofModules = '/assets/proof/'
const proofFiles = [
  'web/{proof,shared}/**/*.ts',
  'domain/proof/*.ts',
  'domain/{time,coupons/quantity}.ts',
]
/** What a browser has instead of modules of Node. */
const standIns: Readonly<Record<string, string>> = {
  'node:buffer': `${proofModules}web/proof/node/buffer.js`,
  'node:crypto': `${proofModules}web/proof/node/crypto.js`,
}

/** Every path with what makes its asset; nothing is read before it is called. */
export function assetsByPath(): Map<string, () => Asset> {
  const all = new Map<string, () => Asset>()
  const add = (path: string, make: () => AssetText) => all.set(path, () => assetOf(make()))
  for (const [name, text] of Object.entries(libraries)) {
    add(libraryPath(name), () => ({ type: scriptType, cacheControl: aMinute, text: text() }))
  }
  for (const [path, file] of Object.entries(joined)) {
    const text = () => minified(joinedText(join(root, file)))
    add(path, () => ({ type: scriptType, cacheControl: aMinute, text: text() }))
  }
  for (const file of globSync('{console,shared}/**/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts')) continue
    const path = `/assets/${file.replace(/\.ts$/, '.js')}`
    const text = () => moduleText(join(root, file))
    add(path, () => ({ type: scriptType, cacheControl: askAgain, text: text() }))
  }
  for (const file of globSync('{console,proof,shared}/**/*.{css,svg}', { cwd: root })) {
    const type = file.endsWith('.css') ? styleType : 'image/svg+xml'
    const text = () => readFileSync(join(root, file), 'utf8')
    add(`/assets/${file}`, () => ({ type, cacheControl: askAgain, text: text() }))
  }
  for (const file of globSync(proofFiles, { cwd: source })) {
    if (file.endsWith('.test.ts')) continue
    const path = `${proofModules}${file.replace(/\.ts$/, '.js')}`
    const text = () => moduleText(join(source, file), standIns)
    const policy = file === 'web/proof/worker.ts' ? workerPolicy : undefined
    add(path, () => ({ type: scriptType, cacheControl: askAgain, policy, text: text() }))
  }
  return all
}

/** A file of this wing, for what stands in a page itself. */
export function webText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

type AssetText = Pick<Asset, 'type' | 'cacheControl' | 'policy'> & { text: string }

function assetOf({ type, cacheControl, policy, text }: AssetText): Asset {
  const etag = hash('sha256', text, 'base64url').slice(0, 22)
  const bytes = Buffer.from(text)
  const made = new Map<Encoding, Promise<Buffer>>()
  return {
    type,
    cacheControl,
    policy,
    etag,
    body(encoding) {
      const body = made.get(encoding) ?? encode(bytes, encoding)
      made.set(encoding, body)
      return body
    },
  }
}

const [gzipped, brotlied] = [promisify(gzip), promisify(brotliCompress)]

async function encode(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'identity') return bytes
  if (encoding === 'gzip') return gzipped(bytes, { level: 9 })
  return brotlied(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
}

function libraryPath(name: string): string {
  return `/assets/library/${name.replace('/', '-')}.js`
}

/** As it is published, found as Node finds packages; its source map is not served. */
function library(file: string): string {
  const folders = [0, 1, 2, 3, 4].map((up) => join(root, '../'.repeat(up), 'node_modules', file))
  const path = folders.find((folder) => existsSync(folder))
  if (path === undefined) throw new Error(`${file} is not installed`)
  return readFileSync(path, 'utf8').replaceAll(/\n\/\/# sourceMappingURL=.*/g, '')
}
