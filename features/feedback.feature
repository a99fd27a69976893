Feature: Whoever got a wrong answer can say so, and nobody gets it again
  No memory is right every time, and the people who ask know best when it was not.
  One word from them removes the answer, and counts against what memory may risk.

  Rule: What was wrong is gone

    Example: A wrong answer
      Given the question "How do I reset my password?" was answered
      And "How can I reset my password?" was answered from memory
      When it is reported that this was wrong
      Then "How do I reset my password?" is not remembered any more
      And the report counts as a wrong answer

    Example: The same two questions are not mistaken for each other again
      Given "How can I reset my password?" was reported to be answered wrongly by "How do I reset my password?"
      And the question "How do I reset my password?" was answered
      When "How can I reset my password?" is asked
      Then the model answers
      And the reason is that somebody reported that this answer does not fit this question

    Example: The other way round
      Given "How can I reset my password?" was reported to be answered wrongly by "How do I reset my password?"
      And the question "How can I reset my password?" was answered
      When "How do I reset my password?" is asked
      Then the model answers
      And the reason is that somebody reported that this answer does not fit this question

    Example: A complaint that comes twice, after the question was answered anew
      Given "How can I reset my password?" was reported to be answered wrongly by "How do I reset my password?"
      And the question "How do I reset my password?" was answered
      When it is reported that this was wrong
      Then "How do I reset my password?" is still remembered with the second answer
      And the report counts as a wrong answer

    Example: Praise after a complaint
      Given "How can I reset my password?" was reported to be answered wrongly by "How do I reset my password?"
      And the question "How do I reset my password?" was answered
      And it was reported that this was right
      When "How can I reset my password?" is asked
      Then the model answers

  Rule: What was right stays

    Example: A right answer
      Given the question "How do I reset my password?" was answered
      And "How can I reset my password?" was answered from memory
      When it is reported that this was right
      Then "How do I reset my password?" is still remembered with the first answer

  Rule: Only those whose answer it is, and who may, are heard

    Example: An answer of somebody else
      Given the question "How do I reset my password?" was answered
      When Globex reports that the answer was wrong
      Then the asker is told that there is no such entry
      And "How do I reset my password?" is still remembered with the first answer

    Example: Somebody without the right to report
      Given the question "How do I reset my password?" was answered
      And our key may not report
      When it is reported that the answer was wrong
      Then the asker is told that you may not report
      And "How do I reset my password?" is still remembered with the first answer
