// What can be checked of the files for containers without a container engine: they are what their
// readers expect, with settings and commands that exist, no secret, no rights and no name for a
// user, the versions that are tested, and no start after a role that has wrong settings.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { neededSettings, settingNames } from '../src/config/setting-table.ts'
import { buildProgram } from '../src/main/cli/program.ts'
import { findHadolint } from './services/hadolint.ts'
import { findPostgres } from './services/postgres.ts'
import { redisInstalled } from './services/redis.ts'
import { waitFor } from './services/server-process.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const dockerfile = read('Dockerfile')

type Service = {
  image?: string
  build?: string
  command?: string[]
  entrypoint?: string[]
  environment?: Record<string, unknown>
  depends_on?: Record<string, { condition: string }>
  volumes?: string[]
  restart?: string
  healthcheck?: { test: string[] }
  read_only?: boolean
  cap_drop?: string[]
}
type Compose = { services: Record<string, Service>; volumes: Record<string, null> }
const compose = parse(read('compose.yaml'), { merge: true }) as Compose
const roles = ['migrate', 'api', 'issuer', 'orders']

type Container = {
  image: string
  args: string[]
  ports?: { name: string }[]
  livenessProbe?: { httpGet: { path: string; port: string } }
  readinessProbe?: { httpGet: { path: string; port: string } }
  securityContext: Record<string, unknown>
}
type Manifest = {
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  spec: {
    selector?: { matchLabels: object }
    template: { metadata: { labels: object }; spec: PodSpec }
  }
}
type PodSpec = {
  containers: Container[]
  securityContext: { runAsNonRoot: boolean }
  enableServiceLinks: boolean
  terminationGracePeriodSeconds?: number
}
const manifests = parseAllDocuments(read('docs/kubernetes.yaml')).map((document) => {
  assert.deepEqual(document.errors, [])
  return document.toJS() as Manifest
})
const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')

describe('compose.yaml', () => {
  it('names only services and volumes that it has', () => {
    for (const [name, { depends_on: needs = {}, volumes = [] }] of Object.entries(
      compose.services,
    )) {
      for (const needed of Object.keys(needs)) assert.ok(compose.services[needed], name)
      for (const volume of volumes) {
        assert.ok((volume.split(':')[0] ?? '') in compose.volumes, `${name}: ${volume}`)
      }
    }
    for (const [server, path] of [
      ['kafka', '/var/lib/kafka/data'],
      ['postgres', '/var/lib/postgresql/data'],
    ] as const) {
      assert.ok(compose.services[server]?.volumes?.includes(`${server}:${path}`))
    }
    assert.equal(compose.services.kafka?.environment?.KAFKA_LOG_DIRS, '/var/lib/kafka/data')
  })

  it('sets only settings that there are, and all that its roles need', () => {
    for (const role of roles) {
      const set = Object.keys(compose.services[role]?.environment ?? {})
      checkSettings(role, set)
    }
  })

  it('runs commands that there are, with options that they take', () => {
    for (const role of roles) checkCommand(compose.services[role]?.command ?? [])
  })

  it('takes every secret from the environment, and none of them has a default', () => {
    for (const line of read('compose.yaml').split('\n')) {
      if (!/SECRET|PASSWORD/.test(line) || /^\s*#/.test(line)) continue
      assert.match(line, /\$\{\w+:\?[^}]+\}/, line)
    }
  })

  it('asks each server and role whether it is there, and gives roles no rights', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      if (name !== 'migrate') assert.ok(service.healthcheck, name)
      if (!roles.includes(name)) continue
      assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']], name)
    }
  })

  it('starts no role again that has wrong settings, and passes on how others end', async () => {
    for (const role of ['api', 'issuer', 'orders']) {
      assert.deepEqual(compose.services[role]?.entrypoint, compose.services.api?.entrypoint)
    }
    assert.equal(compose.services.migrate?.restart, 'no')
    for (const [script, code] of [
      ['exit 0', 0],
      ['exit 1', 1],
      ['exit 3', 3],
    ] as const) {
      const { ended } = runEntrypoint(script)
      assert.deepEqual(await ended, [code, null], script)
    }
    // It takes its time, as a role that answers what it accepted.
    const drains = runEntrypoint(
      `trap 'sleep 0.2; exit 7' TERM; echo up; while :; do sleep 0.05; done`,
    )
    await waitFor('the role', () => drains.output().includes('up'))
    drains.child.kill('SIGTERM')
    assert.deepEqual(await drains.ended, [7, null])

    const wrong = runEntrypoint('echo "$1"; exit 2')
    await waitFor('its word', () => wrong.output().includes('It is not started again'))
    assert.match(wrong.output(), /^api\n/)
    assert.equal(wrong.child.exitCode, null)
    wrong.child.kill('SIGTERM')
    assert.deepEqual(await wrong.ended, [null, 'SIGTERM'])
  })
})

describe('docs/kubernetes.yaml', () => {
  it('has every role, by a command that there is', () => {
    const run = workloads.map(({ spec }) => spec.template.spec.containers[0]?.args ?? [])
    assert.deepEqual(run.map(([name]) => name).toSorted(), roles.toSorted())
    for (const args of run) checkCommand(args)
  })

  it('sets settings that there are, and says how the secret is made with all the others', () => {
    const open = Object.keys(manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {})
    const secret = [...read('docs/operating.md').matchAll(/--from-literal=(FIRSTCOME_\w+)=/g)]
    const set = [...open, ...secret.map(([, name = '']) => name)]
    for (const role of roles) checkSettings(role, set)
    assert.ok(!read('docs/kubernetes.yaml').includes('kind: Secret'))
  })

  it('is of this version, with probes that there are and selectors that select', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    for (const { metadata, spec } of workloads) {
      const [container] = spec.template.spec.containers
      assert.equal(container?.image, `firstcome:${version}`)
      if (metadata.name === 'firstcome-migrate') continue
      assert.deepEqual(spec.selector?.matchLabels, spec.template.metadata.labels)
      assert.deepEqual(container?.livenessProbe?.httpGet, { path: '/healthz', port: 'http' })
      assert.deepEqual(container?.readinessProbe?.httpGet, { path: '/readyz', port: 'http' })
      assert.equal(container?.ports?.[0]?.name, 'http')
    }
  })

  it('gives no rights, and the time to answer what was accepted', () => {
    for (const { metadata, spec } of workloads) {
      const { containers, securityContext, ...pod } = spec.template.spec
      assert.equal(securityContext.runAsNonRoot, true)
      assert.equal(pod.enableServiceLinks, false)
      assert.deepEqual(containers[0]?.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      if (metadata.name !== 'firstcome-migrate') assert.equal(pod.terminationGracePeriodSeconds, 40)
    }
  })
})

describe('the page for operators', () => {
  it('has commands for containers that there are, run where all settings are', () => {
    const typed = [
      ...read('docs/operating.md').matchAll(/^(docker|kubectl) .* node bin\/firstcome\.js (.*)$/gm),
    ]
    assert.equal(typed.length, 6)
    for (const [line, , args = ''] of typed) {
      assert.match(line, / exec (api|deploy\/firstcome-api --) node /)
      checkCommand(args.split(' '))
    }
  })
})

describe('the image', () => {
  it('runs as a user without rights, by number, from what the lock file says', () => {
    const users = [...dockerfile.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)
    assert.deepEqual(users, ['1000:1000'])
    assert.match(dockerfile, /^RUN npm ci --omit=dev --ignore-scripts/m)
    assert.ok(!/^(ENV|ARG).*(SECRET|PASSWORD)/m.test(dockerfile))
  })

  it('has nothing that hadolint knows to be wrong', (t) => {
    const found = findHadolint()
    if ('reason' in found) return t.skip(found.reason)
    const path = join(root, 'Dockerfile')
    const { status, stdout } = spawnSync(found.path, ['--no-color', path], { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [0, ''])
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

describe('the versions of images are those that are tested:', () => {
  const images = Object.values(compose.services).map(({ image = '' }) => image)
  const versionOf = (name: string) =>
    new RegExp(`${name}:([\\d.]+)`).exec([dockerfile, ...images].join('\n'))?.[1] ?? ''

  it('Node', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: { node: string }
    }
    for (const [, version] of dockerfile.matchAll(/^FROM node:([\d.]+)/gm)) {
      assert.equal(version, devDependencies.node)
    }
  })

  it('Kafka', () => {
    assert.ok(
      read('test/services/kafka/pom.xml').includes(`<version>${versionOf('kafka')}</version>`),
    )
  })

  it('PostgreSQL', (t) => {
    const programs = findPostgres()
    if (programs === null) return skipUnlessCi(t, 'PostgreSQL is not installed')
    const { stdout } = spawnSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' })
    assert.equal(versionOf('postgres'), /\) (\d+)\./.exec(stdout)?.[1])
  })

  it('Redis', (t) => {
    if (!redisInstalled()) return skipUnlessCi(t, 'Redis is not installed')
    const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
    assert.equal(versionOf('redis'), /v=(\d+\.\d+)\./.exec(stdout)?.[1])
  })
})

function skipUnlessCi(t: TestContext, reason: string): void {
  if (process.env.CI === 'true') throw new Error(reason)
  t.skip(reason)
}

function checkSettings(role: string, set: readonly string[]): void {
  const known: readonly string[] = settingNames
  assert.deepEqual(
    set.filter((name) => !known.includes(name)),
    [],
  )
  const missing = (neededSettings[role] ?? []).filter((name) => !set.includes(name))
  assert.deepEqual(missing, [], role)
}

/** As it is typed behind `firstcome`: a command that there is, with options that it takes. */
function checkCommand([name = '', ...options]: readonly string[]): void {
  const { commands } = buildProgram({ version: '', wire: () => {} })
  const command = commands.find((other) => other.name() === name)
  assert.ok(command, `there is no ${name}`)
  for (const flag of options.filter((option) => option.startsWith('--'))) {
    assert.ok(
      command.options.some(({ long }) => long === flag),
      `${name} ${flag}`,
    )
  }
}

/** The entrypoint of a role, in a shell, with a script in the place of the program. */
function runEntrypoint(script: string) {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-entrypoint-'))
  const program = join(directory, 'program')
  writeFileSync(program, script)
  const [shell = '', flag = '', text = '', name = ''] = compose.services.api?.entrypoint ?? []
  const inside = text.replaceAll('$$', '$').replace('node /app/bin/firstcome.js', `sh ${program}`)
  assert.notEqual(inside, text)
  const child = spawn(shell, [flag, inside, name, 'api'])
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => (printed += more))
  }
  const ended = once(child, 'exit').finally(() => rmSync(directory, { recursive: true }))
  return { child, ended, output: () => printed }
}
