import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common'
import { RequireUser, Session } from 'sojourn/nest'
import { accountPage, shopPage } from './pages.js'

@Controller()
export class ShopController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  shop(@Session() session: Session): string {
    return shopPage({
      notices: session.flashed<string>('notice'),
      user: session.userId,
      cart: session.get('cart', []),
    })
  }

  @Post('add')
  @Redirect('/', 303)
  add(@Session() session: Session): void {
    session.push('cart', 'bread')
    session.flash('notice', 'Added.')
  }

  @Post('empty')
  @Redirect('/', 303)
  empty(@Session() session: Session): void {
    session.delete('cart')
  }

  @Post('login')
  @Redirect('/account', 303)
  login(@Session() session: Session, @Body('name') name: unknown): void {
    session.login(String(name))
    session.flash('notice', 'Welcome back.')
  }

  @Post('logout')
  @Redirect('/', 303)
  logout(@Session() session: Session): void {
    session.logout()
  }

  @Get('account')
  @RequireUser({ redirectTo: '/' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  account(@Session() session: Session): string {
    return accountPage({ notices: session.flashed<string>('notice'), user: session.userId })
  }
}
