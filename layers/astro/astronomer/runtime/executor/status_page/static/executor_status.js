// Asks for the executor's state every few seconds while the page is seen. All that it shows is set
// as text, never as markup.
(function () {
  'use strict';

  var EVERY_MILLISECONDS = 3000;
  var LONGEST_MILLISECONDS = 15000;

  var root = document.getElementById('executor-status');
  var mostWaiting = Number(root.dataset.mostWaiting);
  var timer = null;
  var isAsking = false;

  function element(name, text, className) {
    var made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function cpu(millis) {
    return millis / 1000 + (millis === 1000 ? ' CPU' : ' CPUs');
  }

  function memory(bytes) {
    return Math.round(bytes / 1048576) + ' MiB';
  }

  function count(amount) {
    return String(amount);
  }

  function length(seconds) {
    return Math.max(0, Math.round(seconds)) + ' s';
  }

  function nameOf(task) {
    var mapped = task.map_index >= 0 ? '[' + task.map_index + ']' : '';
    return task.dag_id + '.' + task.task_id + mapped;
  }

  function asked(task) {
    return cpu(task.cpu_millis) + ', ' + memory(task.memory_bytes) + ', slots: ' + task.slots;
  }

  function fill(table, heads, rows, empty) {
    var head = element('tr');
    heads.forEach(function (text) { head.appendChild(element('th', text)); });
    var headPart = element('thead');
    headPart.appendChild(head);
    var body = element('tbody');
    rows.forEach(function (cells) {
      var row = element('tr');
      cells.forEach(function (text, index) {
        var cell = element('td', text);
        cell.dataset.head = heads[index];
        row.appendChild(cell);
      });
      body.appendChild(row);
    });
    if (rows.length) table.replaceChildren(headPart, body);
    else table.replaceChildren(element('caption', empty));
  }

  function showQueues(queues) {
    var rows = Object.keys(queues).sort().map(function (name) {
      var queue = queues[name];
      function of(shown, what) {
        return shown(queue['reserved_' + what]) + ' of ' + shown(queue[what]) +
          ', waiting: ' + shown(queue['waiting_' + what]);
      }
      return [
        name, count(queue.runners), count(queue.reserved_tasks), count(queue.waiting_tasks),
        of(cpu, 'cpu_millis'), of(memory, 'memory_bytes'), of(count, 'slots'),
      ];
    });
    var heads = ['Queue', 'Runners', 'Placed tasks', 'Waiting tasks', 'CPU', 'Memory', 'Slots'];
    fill(document.getElementById('executor-queues'), heads, rows, 'No queue.');
  }

  function load(label, shown, runner, what) {
    var used = runner['reserved_' + what];
    var made = element('div', label + ': ' + shown(used) + ' of ' + shown(runner[what]));
    var meter = element('meter');
    meter.max = runner[what] || 1;
    meter.value = used;
    made.appendChild(meter);
    return made;
  }

  function showRunners(runners) {
    var boxes = runners.map(function (runner) {
      var box = element('div', undefined, 'runner');
      box.appendChild(element('h4', runner.name));
      var state = runner.is_alive ? runner.state : 'silent';
      box.appendChild(element('p', state + ', last seen ' + length(runner.seconds_silent) +
        ' ago, queues: ' + runner.queues.join(', ') + ', host: ' + runner.host));
      var loads = element('div', undefined, 'loads');
      loads.appendChild(load('CPU', cpu, runner, 'cpu_millis'));
      loads.appendChild(load('Memory', memory, runner, 'memory_bytes'));
      loads.appendChild(load('Slots', count, runner, 'slots'));
      box.appendChild(loads);
      var table = element('table', undefined, 'table');
      fill(table, ['Task', 'Run', 'Try', 'State', 'For', 'Asked for'],
        runner.tasks.map(function (task) {
          return [nameOf(task), task.run_id, count(task.try_number), task.state,
            length(task.seconds), asked(task)];
        }), 'No task.');
      box.appendChild(table);
      return box;
    });
    var place = document.getElementById('executor-runners');
    if (!boxes.length) boxes.push(element('p', 'No runner.'));
    place.replaceChildren.apply(place, boxes);
  }

  function showWaiting(waiting) {
    fill(document.getElementById('executor-waiting'),
      ['Task', 'Run', 'Try', 'Queue', 'For', 'Asked for', 'Why'],
      waiting.map(function (task) {
        return [nameOf(task), task.run_id, count(task.try_number), task.queue,
          length(task.seconds), asked(task), task.reason];
      }), 'Nothing waits.');
  }

  function say(text) {
    document.getElementById('executor-message').textContent = text;
  }

  function show(state) {
    showQueues(state.queues);
    showRunners(state.runners);
    showWaiting(state.waiting);
    var total = Object.keys(state.queues).reduce(function (sum, name) {
      return sum + state.queues[name].waiting_tasks;
    }, 0);
    var first = total > mostWaiting ? '; the ' + mostWaiting + ' that wait longest are shown' : '';
    say('As of ' + new Date().toLocaleTimeString() + '. Waiting tasks: ' + total + first + '.');
  }

  function ask() {
    clearTimeout(timer);
    if (document.hidden || isAsking) return;
    isAsking = true;
    var bound = new AbortController();
    var end = setTimeout(function () { bound.abort(); }, LONGEST_MILLISECONDS);
    fetch(root.dataset.url, {
      credentials: 'same-origin',
      headers: { Accept: 'application/json' },
      // To the login page, where the session has ended.
      redirect: 'manual',
      signal: bound.signal,
    }).then(function (answer) {
      if (answer.ok) return answer.json().then(show);
      if (answer.status === 503) {
        return answer.json().then(function (problem) { say(problem.detail); });
      }
      return say('You may not see this any more: load the page again to log in.');
    }).catch(function () {
      say('The webserver does not answer; what is shown is of before.');
    }).then(function () {
      clearTimeout(end);
      isAsking = false;
      timer = setTimeout(ask, EVERY_MILLISECONDS);
    });
  }

  document.addEventListener('visibilitychange', ask);
  ask();
}());
