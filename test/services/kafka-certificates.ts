// Certificates for one test run, made with openssl: an authority, and a broker and a client that
// it has signed.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Certificates = {
  authority: string
  client: { cert: string; key: string }
  /** Kafka's settings for the listener of clients, who must show a certificate too. */
  settings: Readonly<Record<string, string>>
}

export function makeCertificates(directory: string): Certificates {
  const path = (name: string) => join(directory, name)
  const openssl = (command: string, more: readonly string[]) =>
    execFileSync('openssl', [...command.split(' '), ...more], { stdio: 'ignore' })
  const request = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const authority = ['-keyout', path('ca.key'), '-out', path('ca.pem')]
  openssl(`${request} -x509 -subj /CN=authority`, authority)
  writeFileSync(path('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  for (const name of ['broker', 'client']) {
    const asked = ['-keyout', path(`${name}.key`), '-out', path(`${name}.csr`)]
    openssl(`${request} -subj /CN=${name}`, asked)
    const signing = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-extfile', path('names')]
    const files = ['-in', path(`${name}.csr`), '-out', path(`${name}.pem`)]
    openssl('x509 -req -days 2', [...signing, ...files])
  }
  const read = (name: string) => readFileSync(path(name), 'utf8')
  writeFileSync(path('broker-store.pem'), read('broker.key') + read('broker.pem'))
  const ssl = 'listener.name.client.ssl'
  return {
    authority: read('ca.pem'),
    client: { cert: read('client.pem'), key: read('client.key') },
    settings: {
      [`${ssl}.keystore.type`]: 'PEM',
      [`${ssl}.keystore.location`]: path('broker-store.pem'),
      [`${ssl}.truststore.type`]: 'PEM',
      [`${ssl}.truststore.location`]: path('ca.pem'),
      [`${ssl}.client.auth`]: 'required',
    },
  }
}
