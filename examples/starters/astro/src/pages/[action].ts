import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session }, params, request, redirect }) => {
  switch (params.action) {
    case 'add':
      session.push('cart', 'bread')
      session.flash('notice', 'Added.')
      return redirect('/', 303)
    case 'empty':
      session.delete('cart')
      return redirect('/', 303)
    case 'login': {
      const form = await request.formData()
      session.login(String(form.get('name')))
      session.flash('notice', 'Welcome back.')
      return redirect('/account', 303)
    }
    case 'logout':
      session.logout()
      return redirect('/', 303)
    default:
      return new Response('There is no such page.', { status: 404 })
  }
}
