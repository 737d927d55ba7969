from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST


def home(request):
    """Shows what is in the session: the cart was put there by Node."""
    cart = request.session.get('cart', [])
    theme = request.session.get('theme', 'light')
    return render(request, 'home.html', {'cart': cart, 'theme': theme})


@require_POST
def theme(request):
    """Puts something there that Node reads."""
    request.session['theme'] = request.POST['theme']
    return redirect('/')


@require_POST
def empty_cart(request):
    """Takes out what Node has put there."""
    request.session.pop('cart', None)
    messages.success(request, 'Django has emptied the cart.')
    return redirect('/cart')
