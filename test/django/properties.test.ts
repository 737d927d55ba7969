import { describe, expect, it } from 'vitest'
import { deleteDjangoProperty, djangoLogin, djangoProperty } from '../../src/django/django.ts'
import { catchError, TestApp } from '../core/fixture.ts'
import { Site } from './site.ts'

const KEY = 'k'.repeat(32)

describe('a property of Django or of one of its packages', () => {
  it('is read, and a change inside of it is not saved', async () => {
    const site = new Site()
    site.insertRow('{"_language":"de","_impersonate":{"id":7},"a":1}')
    const before = site.rows()
    await site.request((session) => {
      expect([djangoProperty(session, '_language'), djangoProperty(session, '_none')]).toEqual(['de', undefined])
      ;(djangoProperty(session, '_impersonate') as { id: number }).id = 8
      expect(djangoProperty(session, '_impersonate')).toEqual({ id: 7 })
      expect([...session.keys()]).toEqual(['a'])
    })
    expect(site.rows()).toEqual(before)
  })

  it('is removed, and the others keep their texts', async () => {
    const site = new Site()
    site.insertRow('{"_language":"de","_impersonate":1.0,"a":1.0}')
    await site.request((session) => {
      expect([deleteDjangoProperty(session, '_language'), deleteDjangoProperty(session, '_language')]).toEqual([true, false])
    })
    expect(site.data()[KEY]).toEqual({ _impersonate: '1.0', a: '1.0' })
  })

  it.each(['_auth_user_id', '_auth_user_backend', '_auth_user_hash', '_session_expiry', '_messages'])(
    'is not removed when another function does that: %s',
    async (name) => {
      const site = new Site({ messageStorage: 'session' })
      await site.request((session) => djangoLogin(session, { id: 1, password: 'x' }))
      const session = await site.open()
      expect(catchError(() => deleteDjangoProperty(session, name))).toMatchObject({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining('('),
      })
      expect(session.modified).toBe(false)
    },
  )

  it.each(['a', '', '__proto__', 7 as never])('has a name that begins with "_", unlike %j', async (name) => {
    const session = await new Site().open()
    for (const use of [djangoProperty, deleteDjangoProperty]) {
      expect(catchError(() => use(session, name))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    }
  })

  it('needs a session of a Django site', async () => {
    const session = await new TestApp().open()
    expect(catchError(() => djangoProperty(session, '_language'))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})
