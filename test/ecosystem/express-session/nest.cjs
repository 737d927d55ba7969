'use strict'
// NestJS with @nestjs/passport, without decorators, because this file is not compiled.
require('reflect-metadata')
const { promisify } = require('node:util')
const { Controller, Get, Module, Post, Req, UseGuards } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } = require('@nestjs/passport')
const passport = require('passport')
const { Strategy } = require('passport-local')

class LocalStrategy extends PassportStrategy(Strategy) {
  validate(username, password) {
    return password === 'lovelace' ? { id: 7, name: username } : null
  }
}

class UserSerializer extends PassportSerializer {
  serializeUser(user, done) {
    done(null, user.id)
  }
  deserializeUser(id, done) {
    done(null, { id, name: 'ada' })
  }
}

class LoginGuard extends AuthGuard('local') {
  async canActivate(context) {
    const result = await super.canActivate(context)
    await super.logIn(context.switchToHttp().getRequest())
    return result
  }
}

class Pages {
  who(req) {
    return { user: req.user ? req.user.name : null, views: (req.session.views = (req.session.views ?? 0) + 1) }
  }
  login(req) {
    return { user: req.user.name }
  }
  logout(req) {
    return promisify(req.logout.bind(req))().then(() => ({ user: null }))
  }
}

function decorate(target, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)
  Req()(target.prototype, name, 0)
  for (const each of decorators) each(target.prototype, name, descriptor)
}
decorate(Pages, 'who', Get('/'))
decorate(Pages, 'login', Post('/login'), UseGuards(LoginGuard))
decorate(Pages, 'logout', Post('/logout'))
Controller()(Pages)

class App {}
Module({ imports: [PassportModule.register({ session: true })], controllers: [Pages], providers: [LocalStrategy, UserSerializer] })(App)

/** Resolves to the listener of the application. */
exports.makeNestApp = async ({ session, store }) => {
  const app = await NestFactory.create(App, { logger: false })
  app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, store }), passport.initialize(), passport.session())
  await app.init()
  return app.getHttpAdapter().getInstance()
}
