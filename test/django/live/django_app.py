"""A Django app for the live tests, which executes commands on the session of a request.

    django_app.py '{"SECRET_KEY": …, "DATABASES": …}'

The argument contains settings as JSON (see django_settings.py). The app prints the port it listens
on and exits when its standard input closes. A request is a JSON list of commands, each of the form
`[name, …arguments]`. The response is the list of their results.
"""
import json
import logging
import os
import sys
import threading
import time
import traceback
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import django
from django.conf import settings
from django.core import signing
from django.core.management import call_command
from django.http import JsonResponse
from django.urls import path
from django.utils import timezone

os.environ['DJANGO_SETTINGS_MODULE'] = 'django_settings'
django.setup()
logging.disable(logging.CRITICAL)

from django.contrib import messages  # noqa: E402
from django.contrib.auth import get_user_model, login, logout, update_session_auth_hash  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

User = get_user_model()
SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
BACKEND = 'django.contrib.auth.backends.ModelBackend'

# How many seconds Django's clock is ahead of the real time. Set by the header of each request.
ahead = 0
real_now, real_time = timezone.now, time.time
timezone.now = lambda: real_now() + timedelta(seconds=ahead)
signing.time = SimpleNamespace(time=lambda: real_time() + ahead)


def clock(get_response):
    def middleware(request):
        global ahead
        ahead = float(request.headers.get('X-Ahead', 0))
        return get_response(request)

    return middleware


SPECIAL_NUMBERS = {'float': 1.0, 'big': 2**70, 'nan': float('nan'), 'infinity': float('-inf'), 'tiny': 1e-300}

pauses, pauses_changed = {}, threading.Condition()


def pause(name):
    with pauses_changed:
        pauses[name] = threading.Event()
        pauses_changed.notify_all()
    assert pauses[name].wait(20), f'{name} was not resumed'


def wait_until_paused(name):
    with pauses_changed:
        assert pauses_changed.wait_for(lambda: name in pauses, 20), f'no request paused as {name}'


def change_password(request, name, password, keep):
    user = request.user if keep else User.objects.get(username=name)
    user.set_password(password)
    user.save()
    if keep:
        update_session_auth_hash(request, user)


def delete(request, name):
    exists = name in request.session
    if exists:
        del request.session[name]
    return exists


def account_of(key):
    session = SessionStore.get_model_class().objects.get(pk=key)
    return [session.account_id, session.kind]


def is_public(name):
    return name == '__proto__' or not name.startswith('_')


def to_json(message):
    return {'level': message.level, 'message': str(message), 'extraTags': message.extra_tags or ''}


COMMANDS = {
    'set': lambda request, name, value: request.session.__setitem__(name, value),
    'setSpecial': lambda request, name, value: request.session.__setitem__(name, SPECIAL_NUMBERS[value]),
    'get': lambda request, name: request.session.get(name),
    'repr': lambda request, name: repr(request.session.get(name)),
    'increment': lambda request, name: request.session.__setitem__(name, request.session.get(name, 0) + 1),
    'has': lambda request, name: name in request.session,
    'names': lambda request: sorted(filter(is_public, request.session.keys())),
    'delete': delete,
    'pop': lambda request, name: request.session.pop(name, None),
    'clear': lambda request: request.session.clear(),
    'flush': lambda request: request.session.flush(),
    'cycle': lambda request: request.session.cycle_key(),
    'save': lambda request: request.session.save(),
    'expire': lambda request, seconds: request.session.set_expiry(seconds),
    'expireAt': lambda request, seconds: request.session.set_expiry(timezone.now() + timedelta(seconds=seconds)),
    'expiresIn': lambda request: round(request.session.get_expiry_age()),
    'endsWithBrowser': lambda request: request.session.get_expire_at_browser_close(),
    'login': lambda request, name: login(request, User.objects.get(username=name), backend=BACKEND),
    'logout': lambda request: logout(request),
    'user': lambda request: request.user.username if request.user.is_authenticated else None,
    'password': change_password,
    'token': lambda request, name, token: User.objects.filter(username=name).update(token=token) and None,
    'csrfToken': lambda request: get_token(request) and request.session.get('_csrftoken'),
    'account': lambda request: account_of(request.session.session_key),
    'activate': lambda request, name, active: User.objects.filter(username=name).update(is_active=active) and None,
    'message': lambda request, level, text, tags='': messages.add_message(request, level, text, extra_tags=tags),
    'messages': lambda request: [to_json(message) for message in messages.get_messages(request)],
    'setTestCookie': lambda request: request.session.set_test_cookie(),
    'testCookieWorked': lambda request: request.session.test_cookie_worked(),
    'deleteTestCookie': lambda request: request.session.delete_test_cookie(),
    'clearExpired': lambda request: call_command('clearsessions'),
    'pause': lambda request, name: pause(name),
    'waitUntilPaused': lambda request, name: wait_until_paused(name),
    'resume': lambda request, name: pauses[name].set(),
}


@csrf_exempt
def execute(request):
    try:
        return JsonResponse([COMMANDS[name](request, *arguments) for name, *arguments in json.loads(request.body)], safe=False)
    except Exception:
        return JsonResponse([traceback.format_exc()], safe=False, status=500)


urlpatterns = [path('', execute)]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


call_command('migrate', verbosity=0, run_syncdb=True)
for username in ('ada', 'eve'):
    User.objects.create_user(username, password='secret')

server = ThreadedWSGIServer(('127.0.0.1', 0), SilentHandler)
server.daemon_threads = True
server.set_app(get_wsgi_application())
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
