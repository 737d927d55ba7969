from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST


def home(request):
    """Shows properties of the session. Node writes the cart."""
    cart = request.session.get('cart', [])
    theme = request.session.get('theme', 'light')
    return render(request, 'home.html', {'cart': cart, 'theme': theme})


@require_POST
def theme(request):
    """Sets a property that Node reads."""
    request.session['theme'] = request.POST['theme']
    return redirect('/')


@require_POST
def empty_cart(request):
    """Removes the property that Node wrote."""
    request.session.pop('cart', None)
    messages.success(request, 'Django has emptied the cart.')
    return redirect('/cart')
