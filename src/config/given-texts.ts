// Which settings are given, and by what: a flag, the environment, or a file that the environment
// names. What Kubernetes adds by itself is none of them; any other name of ours is a mistake.

import { readFileSync, statSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import { mayBeInFile, type SettingName, settingFlags, settingNames } from './setting-table.ts'

export type Environment = Readonly<Record<string, string | undefined>>
/** What the command line gave, as text. A flag overrides the environment. */
export type SettingFlags = { [Key in keyof typeof settingFlags]?: string }
/** `from`: as a mistake names it. */
export type Given = { text: string; from: string }
type GivenTexts = { given: Map<SettingName, Given>; mistakes: string[] }

/** Two slips in a name: with more, the guess is more often wrong than right. */
const editsMax = 2
/** No secret and no URL is longer; what is longer was named by mistake. */
const fileBytesMax = 64 * 1024

export function givenTexts(env: Environment, flags: SettingFlags): GivenTexts {
  const given = new Map<SettingName, Given>()
  const mistakes = unknownNames(env)
  for (const name of settingNames) {
    const text = env[name]
    // What is empty is not given: compose files and charts pass on what nobody has set.
    if (text === undefined || text === '' || isServiceLink(name, text)) continue
    given.set(name, { text, from: name })
  }
  for (const name of settingNames.filter(mayBeInFile)) {
    const path = env[fileNameOf(name)]
    if (path === undefined || path === '') continue
    const text = given.has(name) ? null : fileText(path)
    if (text !== null) given.set(name, { text, from: `what ${fileNameOf(name)} names` })
    else mistakes.push(`${fileNameOf(name)} ${given.has(name) ? both(name) : unreadable}`)
  }
  for (const [key, [flag, name]] of Object.entries(settingFlags)) {
    const text = flags[key as keyof SettingFlags]
    if (text !== undefined) given.set(name, { text, from: flag.split(' ', 1).join() })
  }
  return { given, mistakes }
}

function both(name: SettingName): string {
  return `is given, and ${name} too: only one of them may be`
}

const unreadable = 'must name a file that can be read'

const fileNameOf = (name: SettingName) => `${name}_FILE`

/** Without the line end that an editor leaves; null: it cannot be read, or is far too long. */
function fileText(path: string): string | null {
  try {
    const { size } = statSync(path)
    return size > fileBytesMax ? null : readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return null
  }
}

/** What Kubernetes tells every pod of a service whose name begins like ours. */
function isServiceLink(name: string, text: string): boolean {
  const links = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
  return links.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
}

function unknownNames(env: Environment): string[] {
  const known: string[] = [...settingNames, ...settingNames.filter(mayBeInFile).map(fileNameOf)]
  return Object.keys(env)
    .filter((name) => name.startsWith('FIRSTCOME_') && !known.includes(name))
    .filter((name) => !isServiceLink(name, env[name] ?? ''))
    .sort()
    .map((name) => {
      const meant = closest(name, known)
      const guess = distance(name, meant) > editsMax ? '' : `; did you mean ${meant}?`
      return `${name} is not a setting${guess}`
    })
}
